// @ts-check
/* Tab 'Tag': the marks in the two texts, how they look and what is said of them. */

const tagMarks = (() => {
  /**
   * Attributes are written only where they change: a slider moves through thousands of marks.
   * @param {HTMLElement} mark
   * @param {Side} side
   * @param {Pair | null} pair
   */
  function dress(mark, side, pair) {
    const state = pair ? pair.kind : "off";
    if (mark.dataset.kind === state) return;
    mark.dataset.kind = state;
    if (!pair) {
      for (const name of ["role", "aria-label", "tabindex", "data-sign"])
        mark.removeAttribute(name);
      return;
    }
    if (wording.SIGNS[pair.kind]) mark.dataset.sign = wording.SIGNS[pair.kind];
    else delete mark.dataset.sign;
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", "-1");
    mark.setAttribute("aria-label", spoken(pair, side));
  }

  /** @param {string} label */
  const labelName = (label) => tagState.shown.data.labels[label].name || label;

  /** @param {Pair} pair @param {Side} side */
  function spoken(pair, side) {
    const entity = /** @type {Entity} */ (pair[side]);
    const words = [entity.text, labelName(entity.label), entity.score.toFixed(2)];
    if (tagState.shown.data.right) words.push(relation(pair, wording.otherSide(side)));
    return words.join(", ");
  }

  /** @param {Pair} pair @param {Side} other */
  function relation(pair, other) {
    const where = `in ${wording.inProse(tagState.shown.data.titles[other])}`;
    const entity = pair[other];
    if (pair.kind === "same") return `same ${where}`;
    if (!entity) return `not found ${where}`;
    if (pair.kind === "label") return `${labelName(entity.label)} ${where}`;
    return `other boundaries ${where}: ${entity.text}`;
  }

  /**
   * One sentence on a pair, below the texts.
   * @param {Pair} pair
   */
  function detail(pair) {
    const { data } = tagState.shown;
    const sides = wording.SIDES.filter((side) => data[side]).map((side) => {
      const entity = pair[side];
      const found = entity
        ? `${entity.label} ${entity.start}–${entity.end}, ${entity.score.toFixed(3)}`
        : "none";
      return ` · ${data.titles[side]}: ${found}`;
    });
    return [
      dom.make("b", { textContent: tagPairs.first(pair).text }),
      ...sides,
      pair.drift === null ? "" : ` · drift ${wording.signed(pair.drift)}`,
      pair.fragile ? " · fragile: another label is close" : "",
    ];
  }

  /** Entities kept over threshold, drawn behind the slider on the slider's own scale. */
  function drawKept() {
    const { data, pairs, root } = tagState.shown;
    const sides = wording.SIDES.filter((side) => data[side]);
    const most = Math.max(1, ...sides.map((side) => (data[side] || []).length));
    const counts = sides.map((side) => {
      const entities = data[side] || [];
      const line = dom.find(root, `[data-part="kept-${side}"]`, SVGPolylineElement);
      line.setAttribute("points", curve(entities, most));
      const kept = pairs.filter((pair) => pair[side]).length;
      return `${data.titles[side]} ${kept} of ${entities.length}`;
    });
    tagState.part("kept").textContent = `Shown: ${counts.join(", ")}`;
  }

  /** @param {Entity[]} entities @param {number} most */
  function curve(entities, most) {
    const scores = entities
      .filter((entity) => !tagState.filter.hidden.has(entity.label))
      .map((entity) => entity.score)
      .sort((a, b) => a - b);
    const points = [];
    let below = 0;
    for (let step = 0; step <= 100; step += 1) {
      while (below < scores.length && scores[below] < step / 100) below += 1;
      points.push(`${step},${(22 - (20 * (scores.length - below)) / most).toFixed(2)}`);
    }
    return points.join(" ");
  }

  return { dress, detail, drawKept };
})();
