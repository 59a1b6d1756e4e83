/** What the element has in common with the controls of a form. */

/** On a server there is nothing to extend; importing must do no harm there. */
const Base = /** @type {new () => HTMLElement & import('../element.js').AttributeProperties} */ (
  /** @type {unknown} */ (globalThis.HTMLElement ?? class {})
);

export class FormControl extends Base {
  static formAssociated = true;

  #internals = this.attachInternals();
  /** @type {readonly string[]} */
  #value = [];

  get form() {
    return this.#internals.form;
  }

  get labels() {
    return this.#internals.labels;
  }

  get type() {
    return this.localName;
  }

  get validity() {
    return this.#internals.validity;
  }

  get validationMessage() {
    return this.#internals.validationMessage;
  }

  get willValidate() {
    return this.#internals.willValidate;
  }

  checkValidity() {
    return this.#internals.checkValidity();
  }

  reportValidity() {
    return this.#internals.reportValidity();
  }

  /** The keys of what has arrived, in the order of the list. */
  get value() {
    return [...this.#value];
  }

  /**
   * What a form sends, and whether it may.
   *
   * @protected
   * @param {readonly string[]} value
   * @param {{ complaint: string | undefined, missing: string, anchor: HTMLElement }} verdict why it may not be sent, if so; what
   *   to say where something is required and there is nothing; where the browser points at
   */
  submits(value, { complaint, missing, anchor }) {
    const before = this.#value;
    this.#value = value;
    const data = new FormData();
    for (const each of value) data.append(this.name, each);
    this.#internals.setFormValue(this.name ? data : null);
    // A message there must be, even where the page's own words say nothing.
    if (complaint !== undefined)
      this.#internals.setValidity({ customError: true }, complaint || this.localName, anchor);
    else if (this.required && value.length === 0)
      this.#internals.setValidity({ valueMissing: true }, missing, anchor);
    else this.#internals.setValidity({});
    if (before.join('\n') === value.join('\n')) return;
    this.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
