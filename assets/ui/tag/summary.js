// @ts-check
/* Tab 'Tag': the numbers above the text: agreement and counts by label, which depend on the filter,
 * and times, which are asked for once entities are on show and put in as they come.
 */

const tagSummary = (() => {
  function show() {
    const { data, pairs, root } = tagState.shown;
    const same = pairs.length - tagPairs.different(pairs).length;
    const agree = tagState.part("agree");
    const small = dom.make("span", { textContent: data.right ? `of ${pairs.length}` : "names" });
    agree.replaceChildren(`${same} `, small);
    const bar = dom.find(root, "[data-part=share]", SVGRectElement);
    bar.setAttribute("width", `${pairs.length ? (100 * same) / pairs.length : 0}%`);
    tagState.part("sentence").textContent = tagPairs.sentence(data, pairs);
    tagState.part("threshold-value").textContent = tagState.filter.threshold.toFixed(2);
    count();
    offerJumps();
  }

  /** How many names either side gives a label, hidden ones too. */
  function count() {
    const { data, root } = tagState.shown;
    const { threshold } = tagState.filter;
    const pairs = tagPairs.visible(data, { hidden: new Set(), threshold });
    for (const element of dom.findAll(root, "[data-count]")) {
      const label = element.dataset.count;
      const has = pairs.filter((pair) => pair.left?.label === label || pair.right?.label === label);
      element.textContent = String(has.length);
    }
  }

  /** Two buttons, or, where there is nothing to go to, so in words. */
  function offerJumps() {
    const { root, pairs } = tagState.shown;
    const none = tagState.partOfTwo("no-differences");
    if (!none) return;
    const different = tagPairs.different(pairs).length > 0;
    for (const jump of dom.findAll(root, ".jump")) jump.hidden = !different;
    none.hidden = different || !pairs.length;
    tagWalk.tellPlace();
  }

  /** Gradio's button sends the same values as the question that was answered. */
  function askTimes() {
    if (tagState.shown.data.right) dom.find(document, "#time").click();
  }

  /** @param {Element} element @param {Props} props @param {Watch} watch */
  function mountTimes(element, props, watch) {
    const root = dom.find(element, ".ner");
    watch("value", () => {
      const { html = "", data = "" } = props.value || {};
      const { ticket, timing } = JSON.parse(data || "{}");
      if (!tagState.result || !tagAsk.isLatest(ticket)) return;
      root.innerHTML = html;
      if (timing !== undefined) tagState.shown.data.timing = timing;
      for (const part of dom.findAll(root, "[data-part]")) {
        const place = tagState.partOfTwo(part.dataset.part || "");
        if (place) place.replaceChildren(...part.childNodes);
      }
      root.replaceChildren();
    });
  }

  return { show, askTimes, mountTimes };
})();
