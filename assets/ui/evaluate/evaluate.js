// @ts-check
/* Tab 'Evaluate': a result arrives, answers clicks, and grows old when its form changes. */

const evaluateTab = (() => {
  /** @type {HTMLElement | null} */
  let root = null;
  /** @type {GoldData | LinesData | null} */
  let data = null;
  const freshness = new Freshness(() => root);

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mount(element, props, watch) {
    dom.mount(element, props, watch, (shown, json) => {
      root = shown;
      data = json ? JSON.parse(json) : null;
      fillLines();
      freshness.arrived(data !== null);
      // On a phone the answer would come below the screen, unseen.
      if (data) root?.querySelector(".verdict")?.scrollIntoView({ block: "nearest" });
    });
  }

  function fillLines() {
    if (root && data?.kind === "lines") lineTable.fill(root, data);
  }

  document.addEventListener("click", (event) => {
    const target = dom.closest(event, "[data-open], [data-file]");
    if (!target || !data || !root?.contains(target)) return;
    const { file } = target.dataset;
    if (file) download.save(file, data.files[file]);
    else if (data.kind === "gold") decisions.toggle(root, data, target);
  });

  document.addEventListener("change", (event) => {
    const filter = dom.closest(event, "[data-filter]");
    if (filter && root?.contains(filter)) fillLines();
  });

  return {
    mount,
    /** @param {string} form @param {unknown[]} values */
    busy: (form, values) => freshness.asked(form, values),
    done: () => freshness.done(),
    /** @param {string} form @param {unknown[]} now */
    check: (form, now) => freshness.check(form, now),
  };
})();
