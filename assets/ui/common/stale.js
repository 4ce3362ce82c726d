// @ts-check
/* Whether a result is still that of what stands in its form: if not, it says so and can't be saved. */

/** @typedef {{form: string, values: unknown[]}} Asked what a result was asked for with */

class Freshness {
  static OLD = "The settings above have changed since: this is the result of before.";

  /** @type {Asked | null} of the result on show; null where none is */
  made = null;
  /** @type {Asked | null} of the one to come */
  pending = null;
  /** @type {Map<string, unknown[]>} what stands in each form now, so far as told */
  now = new Map();

  /**
   * Watches over the result in an element that comes later and may be replaced.
   * @param {() => HTMLElement | null} find
   * @param {() => void} changed told whenever the result may have grown old or new
   */
  constructor(find, changed = () => {}) {
    this.find = find;
    this.changed = changed;
  }

  /** A form was sent off. @param {string} form @param {unknown[]} values */
  asked(form, values) {
    this.pending = { form, values };
    this.check(form, values);
  }

  /** Something else is on show now: a result, or else a sentence. @param {boolean} result */
  arrived(result) {
    this.made = result ? this.pending : null;
    if (result) this.pending = null;
    this.show();
  }

  /** Nothing more will come. */
  done() {
    this.pending = null;
    this.show();
  }

  /** What stands in a form has changed. @param {string} form @param {unknown[]} values */
  check(form, values) {
    this.now.set(form, values);
    this.show();
  }

  /** Whether what is on show is not the answer to what stands in its form. */
  get old() {
    if (this.pending) return true;
    const values = this.made && this.now.get(this.made.form);
    return Boolean(values && !this.made?.values.every((value, at) => same(value, values[at])));
  }

  show() {
    const root = this.find();
    if (!root) return;
    const note = this.old && !this.pending;
    // Where the result was, sentences tell how far the next one is.
    dom.setBusy(root, this.pending !== null && this.made !== null);
    root.classList.toggle("stale", note);
    for (const shown of dom.findAll(root, ":scope > .stale-note")) shown.remove();
    if (note) {
      const className = "notice problem stale-note";
      root.prepend(dom.make("p", { className, role: "status", textContent: Freshness.OLD }));
    }
    for (const button of dom.findAll(root, "[data-file]")) {
      if (button instanceof HTMLButtonElement) button.disabled = this.old;
    }
    this.changed();
  }
}

/** Files are objects, and nothing is an empty text. @param {unknown} one @param {unknown} other */
function same(one, other) {
  return one === other || JSON.stringify(one ?? "") === JSON.stringify(other ?? "");
}
