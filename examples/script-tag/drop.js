/** Browsers report a drag over the page at least every 350 ms; silence longer than this, in milliseconds, means it ended unseen. */
const SILENCE = 800;

/** Files dropped anywhere on the page; while some hang over it, `<html data-dragging>` is set. */
export function startDrop(onFiles, onUnreadable) {
  const page = document.documentElement;
  let silence;
  const calm = () => {
    clearTimeout(silence);
    delete page.dataset.dragging;
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files');

  addEventListener('dragover', (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    page.dataset.dragging = '';
    clearTimeout(silence);
    silence = setTimeout(calm, SILENCE);
  });
  addEventListener('dragleave', (event) => {
    // Between two elements of the page there is a next one; leaving the window there is none.
    if (!event.relatedTarget) calm();
  });
  addEventListener('drop', async (event) => {
    calm();
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onFiles(await filesOf(event.dataTransfer, onUnreadable));
  });
}

/** All files with their paths; a dropped folder is walked through. */
async function filesOf({ items, files }, onUnreadable) {
  // Entries must be taken before the first await: the browser empties the list after the event.
  const entries = [...(items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...files].map((file) => ({ file }));
  const found = [];
  for (const entry of entries) await walk(entry, found, onUnreadable);
  return found;
}

async function walk(entry, found, onUnreadable) {
  try {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ file, key: entry.fullPath.slice(1) });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      // A reader hands out at most 100 entries at a time and ends with none.
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const child of some) await walk(child, found, onUnreadable);
    }
  } catch {
    onUnreadable(entry.name);
  }
}
