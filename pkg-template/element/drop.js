/** Files that are dropped or pasted. */

/** @typedef {import('./limits.js').Entry} Entry */

/** Browsers report a drag at least every 350 ms; silence longer than this, in milliseconds, means it ended unseen. */
const SILENCE = 800;

/**
 * Takes what is dropped on `target`, or pasted there.
 *
 * @param {EventTarget} target
 * @param {object} on
 * @param {() => boolean} on.ready whether files are taken at the moment
 * @param {(dragging: boolean) => void} on.drag
 * @param {(entries: Entry[], unreadable: string[]) => void} on.files
 * @param {AbortSignal} signal ends it
 */
export function takeDrops(target, { ready, drag, files }, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;
  const calm = () => {
    clearTimeout(silence);
    drag(false);
  };
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files') ?? false;
  const listen = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) =>
    target.addEventListener(name, listener, { signal });

  listen('dragover', (/** @type {DragEvent} */ event) => {
    // Whoever is nested inside has had it first.
    if (event.defaultPrevented || !hasFiles(event)) return;
    // The browser would open a file that is not taken here, and end all uploads of the page with it.
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = ready() ? 'copy' : 'none';
    if (!ready()) return;
    drag(true);
    clearTimeout(silence);
    silence = setTimeout(calm, SILENCE);
  });
  listen('dragleave', (/** @type {DragEvent} */ event) => {
    const next = /** @type {Node | null} */ (event.relatedTarget);
    if (!next || !(target instanceof Node) || !target.contains(next)) calm();
  });
  listen('drop', async (/** @type {DragEvent} */ event) => {
    calm();
    if (event.defaultPrevented || !hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    if (!ready()) return;
    const { entries, unreadable } = await entriesOf(event.dataTransfer);
    files(entries, unreadable);
  });
  listen('paste', async (/** @type {ClipboardEvent} */ event) => {
    const { clipboardData } = event;
    // What is pasted into a field is the field's.
    if (event.defaultPrevented || !ready() || !clipboardData?.files.length || isField(event)) return;
    event.preventDefault();
    const { entries, unreadable } = await entriesOf(clipboardData);
    files(entries, unreadable);
  });
  signal.addEventListener('abort', calm);
}

/** @param {Event} event */
function isField(event) {
  const [at] = event.composedPath();
  return at instanceof HTMLElement && (at.isContentEditable || at.matches('input, textarea'));
}

/** All files with their paths; a folder is walked through. @param {DataTransfer} transfer */
async function entriesOf({ items, files }) {
  // Entries and handles must be taken before the first await: the browser empties the list after the event.
  const dropped = [...items].filter(({ kind }) => kind === 'file');
  const roots = dropped.map((item) => item.webkitGetAsEntry?.() ?? null);
  const handles = dropped.map(handleOf);
  if (!roots.some((root) => root?.isDirectory)) {
    const entry = async (/** @type {File} */ file, /** @type {number} */ at) => ({
      ...{ file, path: file.name },
      handle: await handles[at],
    });
    return { entries: await Promise.all([...files].map(entry)), unreadable: [] };
  }
  /** @type {Entry[]} */
  const entries = [];
  /** @type {string[]} */
  const unreadable = [];
  for (const [at, root] of roots.entries()) {
    const before = entries.length;
    if (root) await walk(root, entries, unreadable);
    const [entry] = entries.slice(before);
    if (root?.isFile && entry) entry.handle = await handles[at];
  }
  return { entries, unreadable };
}

/**
 * The handle of a file, in browsers that have them.
 *
 * @param {DataTransferItem} item
 * @returns {Promise<FileSystemFileHandle | undefined>}
 */
async function handleOf(item) {
  // Not in the types yet. What is pasted has none.
  const handle = await /** @type {any} */ (item).getAsFileSystemHandle?.().catch(() => undefined);
  return handle?.kind === 'file' ? handle : undefined;
}

/**
 * @param {FileSystemEntry} entry
 * @param {Entry[]} found
 * @param {string[]} unreadable
 */
async function walk(entry, found, unreadable) {
  try {
    if (entry.isFile) {
      const at = /** @type {FileSystemFileEntry} */ (entry);
      const file = await new Promise((resolve, reject) => at.file(resolve, reject));
      const path = entry.fullPath.slice(1);
      // Where the library looks for the path of a file that was chosen with its folder.
      if (!file.webkitRelativePath && path !== file.name)
        Object.defineProperty(file, 'relativePath', { value: path });
      found.push({ file, path });
      return;
    }
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    for (;;) {
      // A reader hands out at most 100 entries at a time and ends with none.
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const child of some) await walk(child, found, unreadable);
    }
  } catch {
    unreadable.push(entry.fullPath.slice(1));
  }
}
