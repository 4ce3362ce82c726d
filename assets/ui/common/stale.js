// @ts-check
/* Whether a result still is that of what stands in the form: if not, it says so, and can't be saved. */

const stale = (() => {
  /**
   * Watches over the result in an element that may be replaced.
   * @param {() => HTMLElement | null} find
   */
  function watch(find) {
    /** @type {unknown[] | null} what the result on show was asked for with; null before any */
    let made = null;
    /** @type {unknown[] | null} what the one to come was asked for with */
    let pending = null;
    /** @type {unknown[] | null} what stands in the form now, so far as told */
    let now = null;

    /** @param {unknown[]} values */
    function asked(values) {
      pending = values;
      now = values;
      const root = find();
      if (root) dom.setBusy(root, true);
    }

    /** A result is there. */
    function arrived() {
      made = pending;
      show();
    }

    function done() {
      pending = null;
      const root = find();
      if (root) dom.setBusy(root, false);
      show();
    }

    /** What stands in the form has changed. @param {unknown[]} values */
    function check(values) {
      now = values;
      show();
    }

    function show() {
      const root = find();
      if (!root) return;
      const old = Boolean(made && now && !alike(made, now));
      root.classList.toggle("stale", old);
      for (const note of dom.findAll(root, ":scope > .stale-note")) note.remove();
      if (old) {
        const textContent = "The settings above have changed since: this is the result of before.";
        root.prepend(
          dom.make("p", { className: "notice problem stale-note", role: "status", textContent }),
        );
      }
      for (const button of dom.findAll(root, "[data-file]")) {
        if (button instanceof HTMLButtonElement) button.toggleAttribute("data-stale", old);
      }
    }

    return { asked, arrived, done, check };
  }

  /** @param {unknown[]} one @param {unknown[]} other */
  const alike = (one, other) =>
    one.length === other.length &&
    one.every((value, at) => value === other[at] || same(value, other[at]));

  /** Files are objects. @param {unknown} one @param {unknown} other */
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  return { watch };
})();
