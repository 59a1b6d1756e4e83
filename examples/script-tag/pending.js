import { byId, fill, fromTemplate, put } from './dom.js';
import { ago, bytes, elide, percent } from './format.js';
import { onLanguageChange, say, translate } from './language.js';
import { notice } from './notices.js';

/** The uploads an earlier page left unfinished. */
export class Pending {
  #uploader;
  #activeKeys;
  #onFile;
  #items = new Map();
  #sent = new Map();
  #again = false;
  #looking = false;

  /** `activeKeys()` tells what this page is uploading by now; `onFile(file)` gets a file that was chosen to go on. */
  constructor(uploader, activeKeys, onFile) {
    this.#uploader = uploader;
    this.#activeKeys = activeKeys;
    this.#onFile = onFile;
    onLanguageChange(() => this.#items.forEach(({ paint }) => paint()));
  }

  /** Bytes of this object an earlier page had sent; undefined if none is known. */
  sentBefore(key) {
    return this.#sent.get(key);
  }

  /** Looks again what is unfinished. Calls during a look lead to one more. */
  async refresh() {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#again) {
        this.#again = false;
        this.#show(await this.#uploader.pending());
      }
    } catch (error) {
      notice(() => say.pendingFailed(error.message), 'pending-failed');
    } finally {
      this.#looking = false;
    }
  }

  #show(found) {
    const active = this.#activeKeys();
    const idle = found.filter(({ key }) => !active.has(key));
    for (const { key, loaded } of idle) this.#sent.set(key, loaded);
    const wanted = new Map(idle.map((each) => [each.id, each]));
    for (const [id, item] of this.#items) if (!wanted.has(id)) this.#remove(id, item.element);
    for (const [id, unfinished] of wanted) {
      const item = this.#items.get(id) ?? this.#make(id);
      item.unfinished = unfinished;
      item.paint();
    }
    byId('pending').hidden = this.#items.size === 0;
  }

  #make(id) {
    const element = fromTemplate('pending-template');
    const part = (name) => element.querySelector(`[data-part=${name}]`);
    const item = {
      element,
      unfinished: undefined,
      paint: () => {
        const { name, size, loaded, created } = item.unfinished;
        const full = size > 0 ? (100 * loaded) / size : 0;
        translate(element);
        put(part('name'), elide(name));
        part('name').title = name;
        put(part('there'), say.there(bytes(loaded, size), bytes(size), percent(full)));
        put(part('since'), ago(created));
        part('bar').setAttribute('aria-label', name);
        fill(part('bar'), full);
        part('choose').setAttribute('aria-label', say.actionOn(say.chooseToGoOn, name));
        part('discard').setAttribute('aria-label', say.actionOn(say.discard, name));
      },
    };
    part('choose').addEventListener('click', () => part('input').click());
    part('input').addEventListener('change', () => {
      const [file] = part('input').files;
      // The same file can be chosen again only after the field was emptied.
      part('input').value = '';
      if (file) this.#goOn(item.unfinished, file);
    });
    part('discard').addEventListener('click', () => this.#discard(item.unfinished));
    element.dataset.id = id;
    this.#items.set(id, item);
    byId('pending-list').append(element);
    return item;
  }

  #goOn({ name, size }, file) {
    if (file.size !== size) {
      notice(() => say.otherFile(name, bytes(size), file.name, bytes(file.size)));
    } else if (file.name !== name) {
      notice(() => say.otherName(name, file.name));
    }
    this.#onFile(file);
  }

  async #discard({ id, name }) {
    try {
      await this.#uploader.discard(id);
    } catch (error) {
      notice(() => say.discardFailed(name, error.message));
    }
    await this.refresh();
  }

  #remove(id, element) {
    const hadFocus = element.contains(document.activeElement);
    const neighbour = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    this.#items.delete(id);
    if (hadFocus) (neighbour?.querySelector('button') ?? byId('choose')).focus({ preventScroll: true });
  }
}
