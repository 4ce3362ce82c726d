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
    const where = `in ${tagMerged.LETTERS[other]}`;
    const entity = pair[other];
    if (pair.kind === "same") return `same ${where}`;
    if (!entity) return `${tagPairs.missing(pair, other)} ${where}`;
    if (pair.kind === "label") return `${labelName(entity.label)} ${where}`;
    return `other boundaries ${where}: ${entity.text}`;
  }

  /**
   * What each side says of some pairs, a line for each: label, score and the runner-up.
   * @param {Pair[]} pairs
   * @returns {HTMLElement[]}
   */
  function detail(pairs) {
    return pairs.flatMap((pair) => {
      const { text } = tagPairs.first(pair);
      const fragile = pair.fragile ? "a close call: another label is near" : "";
      const drift = pair.drift === null ? "" : `B − A ${wording.signed(pair.drift)}`;
      const head = [dom.make("b", { textContent: text }), fragile, drift].filter(Boolean);
      return [
        dom.make("p", {}, ...head.flatMap((part, at) => (at ? [" · ", part] : [part]))),
        ...tagState.sides.map((side) => lineOf(pair, side)),
      ];
    });
  }

  /** @param {Pair} pair @param {Side} side */
  function lineOf(pair, side) {
    const { data } = tagState.shown;
    const entity = pair[side];
    const seen = tagPairs.opinion(side, entity || tagPairs.first(pair));
    const next = seen ? ` · next ${seen.other} ${seen.otherScore.toFixed(2)}` : "";
    const letter = dom.make("span", { className: `side ${side}` }, tagMerged.LETTERS[side]);
    if (entity) {
      const chip = dom.make("span", { className: `chip ${data.labels[entity.label].class}` });
      chip.textContent = entity.label;
      const spelled = entity.text === tagPairs.first(pair).text ? "" : `${entity.text} `;
      const figures = ` ${entity.score.toFixed(3)} at ${entity.start}–${entity.end}${next}`;
      return dom.make("p", {}, letter, spelled, chip, figures);
    }
    const why = tagPairs.missing(pair, side);
    const instead = seen ? `: ${seen.label} ${seen.score.toFixed(2)}${next}` : "";
    return dom.make("p", {}, letter, `${why}${instead}`);
  }

  /** Entities kept over threshold, drawn behind the slider on the slider's own scale. */
  function drawKept() {
    const { data, pairs, root } = tagState.shown;
    const { sides } = tagState;
    const most = Math.max(1, ...sides.map((side) => (data[side] || []).length));
    const counts = sides.map((side) => {
      const entities = data[side] || [];
      const line = dom.find(root, `[data-part="kept-${side}"]`, SVGPolylineElement);
      line.setAttribute("points", curve(entities, most));
      const kept = pairs.filter((pair) => pair[side]).length;
      return `${tagMerged.LETTERS[side]} ${kept} of ${entities.length}`;
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
