// @ts-check
/* Tab 'Choose': a press on a recipe puts it on side B, or makes it; results can be saved. */

const chooseTab = (() => {
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {{files: Record<string, string>} | null} */
  let data = null;
  // The recipe that was pressed last, as model#recipe.
  let picked = "";

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (shown, json) => {
      root = shown;
      data = json ? JSON.parse(json) : null;
    });
  }

  /** @param {Element} element */
  function press(element) {
    const { put, make } = /** @type {SVGElement | HTMLElement} */ (element).dataset;
    picked = put || make || "";
    // What Gradio does with it hangs on a button of its own, out of sight.
    dom.find(document, put ? "#choose-put" : "#choose-make", HTMLButtonElement).click();
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const pressed = target?.closest("[data-put], [data-make]");
    if (pressed) press(pressed);
    const { file } = dom.closest(event, "[data-file]")?.dataset || {};
    if (file && data && target && root?.contains(target)) download.save(file, data.files[file]);
  });

  // Points of the picture are no buttons to the browser.
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof SVGElement ? event.target : null;
    if (!target?.dataset.put || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    press(target);
  });

  /** @param {boolean} busy */
  const setBusy = (busy) => root && dom.setBusy(root, busy);

  return {
    mount,
    picked: () => picked,
    busy: () => setBusy(true),
    done: () => setBusy(false),
  };
})();
