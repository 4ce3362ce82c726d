// @ts-check
/* Tab 'Choose': a press on a recipe puts it on side B, or makes it; results can be saved. */

const chooseTab = (() => {
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {{files: Record<string, string>} | null} */
  let data = null;
  // The recipe that was pressed last, as model#recipe.
  let picked = "";
  const freshness = new Freshness(() => root);

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (shown, json) => {
      root = shown;
      data = json ? JSON.parse(json) : null;
      // Other limits, or other recipes of the model, give a new answer from what was measured.
      if (data && !freshness.pending) freshness.show();
      else freshness.arrived(data !== null);
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

  /** Text, whether it is gold, device and model. @param {unknown[]} values with the left variant */
  const measuredOn = ([text, gold, device, left]) => [
    text,
    gold,
    device,
    String(left).split("#")[0],
  ];

  return {
    mount,
    picked: () => picked,
    /** @param {unknown[]} values */
    busy: (values) => freshness.asked("texts", measuredOn(values)),
    done: () => freshness.done(),
    /** @param {unknown[]} now */
    check: (now) => freshness.check("texts", measuredOn(now)),
  };
})();
