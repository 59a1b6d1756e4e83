export function About() {
  return (
    <section className="card about">
      <h1>Another page</h1>
      <p>
        The list of files is not mounted here, and uploads go on all the same: the uploader belongs to the
        app, not to a component. Its progress is at the top of the page.
      </p>
    </section>
  );
}
