/** How many uploaders an app has made. */
declare var made: number | undefined;
/** Hydrates one more place of the page. */
declare var takeOver: (selector: string) => void;
