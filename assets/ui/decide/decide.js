// @ts-check
/* Tab 'Decide': a result arrives, its files are saved, a recipe is put on side B; and a result that
 * is not of what stands in the form says so.
 */

const decideTab = (() => {
  const OLD = "The form above has changed since: press Measure for a new result.";
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {Record<string, string>} */
  let files = {};
  let picked = "";
  /** The text that was taken over from tab 'Tag' last. */
  let taken = "";
  /** What the result on show, and the one to come, were asked for with. */
  let made = "";
  let pending = "";

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (shown, json) => {
      root = shown;
      root.classList.remove("stale");
      const data = json ? JSON.parse(json) : null;
      files = data?.files || {};
      if (data && pending) [made, pending] = [pending, ""];
      if (!data) made = "";
      cards.open(shown, data);
    });
  }

  /** What a measurement is of: texts and sides, not limits. @param {any[]} values */
  const measuredOn = ([text, chosen, ...sides]) =>
    JSON.stringify([text || "", chosen, ...sides.slice(0, 3)]);

  /** What is sent; the map of labels is made of the table below the texts. @param {any[]} values */
  function measure(values) {
    const [text, chosen, , ...rest] = values;
    pending = measuredOn([text, chosen, ...rest]);
    // On a phone progress and verdict are below the screen.
    root?.scrollIntoView({ block: "nearest" });
    const rows = dom.findAll(document, "#recognized [data-map]");
    const map = rows.map((row) =>
      row instanceof HTMLSelectElement ? `${row.dataset.map}=${row.value}` : "",
    );
    return [text, chosen, map.join(","), ...rest];
  }

  /** Something in the form has changed. @param {any[]} now */
  function changed(now) {
    if (!root || !made) return;
    const old = measuredOn(now) !== made;
    root.classList.toggle("stale", old);
    for (const note of dom.findAll(root, ":scope > .stale-note")) note.remove();
    if (!old) return;
    const className = "notice problem stale-note";
    root.prepend(dom.make("p", { className, role: "status", textContent: OLD }));
  }

  /**
   * Put a text into the form as if it were typed, unless the visitor put one there. Gradio makes
   * a tab when it is first opened.
   * @param {string} text
   */
  function take(text) {
    const box = document.querySelector("#decide-text textarea");
    if (!(box instanceof HTMLTextAreaElement)) {
      requestAnimationFrame(() => take(text));
      return;
    }
    if (box.value && box.value !== taken) return;
    taken = text;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new FocusEvent("blur"));
  }

  /** @param {Element} element */
  function press(element) {
    const { put, make } = /** @type {SVGElement | HTMLElement} */ (element).dataset;
    picked = put || make || "";
    // What Gradio does with it hangs on a button of its own, out of sight.
    dom.press(put ? "decide-put" : "decide-make");
  }

  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element) || !root?.contains(target)) return;
    const pressed = target.closest("[data-put], [data-make]");
    if (pressed) press(pressed);
    if (target.closest("[data-do=sign]")) dom.press("decide-sign");
    const file = target.closest("[data-file]");
    const name = file instanceof HTMLElement ? file.dataset.file || "" : "";
    if (name) dom.save(name, files[name]);
  });

  // Points of the picture are no buttons to the browser.
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof SVGElement ? event.target : null;
    if (!target?.dataset.put || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    press(target);
  });

  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || !target.matches("#decided [data-do=who]")) return;
    for (const item of dom.findAll(document, "#decided .sentences li")) {
      const { who } = item.dataset;
      item.hidden = target.value !== "" && who !== target.value && who !== "both";
    }
  });

  /** The report to sign; empty where a sentence says why there is none. @param {string} page */
  const signed = (page) => page && dom.save("report.html", page);

  return {
    mount,
    signed,
    measure,
    changed,
    take,
    done: () => {
      pending = "";
    },
    picked: () => picked,
  };
})();
