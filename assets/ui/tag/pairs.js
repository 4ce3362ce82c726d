// @ts-check
/* Tab 'Tag': which pairs a filter leaves, and in words how far the two sides agree. */

const tagPairs = (() => {
  /** @param {Entity} entity @param {Filter} filter */
  const passes = (entity, filter) =>
    entity.score >= filter.threshold && !filter.hidden.has(entity.label);

  /**
   * Pairs stay as the server aligned them; a side that is filtered out leaves the other alone.
   * @param {TagData} data
   * @param {Filter} filter
   * @returns {Pair[]}
   */
  function visible(data, filter) {
    const fragile = new Set(data.fragile);
    /** @param {Entity[] | null} entities @param {number | null} index */
    const entityAt = (entities, index) => {
      const entity = entities && index !== null ? entities[index] : null;
      return entity && passes(entity, filter) ? entity : null;
    };
    return data.pairs.flatMap(([atLeft, atRight, drift], index) => {
      const left = entityAt(data.left, atLeft);
      const right = entityAt(data.right, atRight);
      if (!left && !right) return [];
      return {
        index,
        at: { left: atLeft ?? -1, right: atRight ?? -1 },
        left,
        right,
        kind: data.right ? kindOf(left, right) : "same",
        drift: left && right ? drift : null,
        fragile: fragile.has(index),
      };
    });
  }

  /** @param {Entity | null} left @param {Entity | null} right @returns {Kind} */
  function kindOf(left, right) {
    if (!right) return "only_left";
    if (!left) return "only_right";
    if (left.label !== right.label) return "label";
    return left.start === right.start && left.end === right.end ? "same" : "boundary";
  }

  /** @param {Pair} pair @returns {Entity} */
  const first = (pair) => /** @type {Entity} */ (pair.left || pair.right);

  /** @param {Pair[]} pairs */
  const different = (pairs) => pairs.filter((pair) => pair.kind !== "same");

  /**
   * Why a side has no entity in a pair.
   * @param {Pair} pair
   * @param {Side} side
   */
  function missing(pair, side) {
    const { data } = tagState.shown;
    const entity = (data[side] || [])[pair.at[side]];
    if (!entity) return "not found";
    return entity.score < tagState.filter.threshold ? "below threshold" : "label hidden";
  }

  /**
   * What a side makes of a span at the word where it is least sure: its label, and the runner-up.
   * @param {Side} side
   * @param {{start: number, end: number}} span
   */
  function opinion(side, { start, end }) {
    const pieces = tagState.shown.data.pieces[side];
    if (!pieces) return null;
    let least = -1;
    for (let at = firstAt(pieces.start, start); at < pieces.start.length; at += 1) {
      if (pieces.start[at] >= end) break;
      if (at > 0 && pieces.word[at] === pieces.word[at - 1] && least >= 0) continue;
      if (least < 0 || pieces.margin[at] < pieces.margin[least]) least = at;
    }
    if (least < 0) return null;
    const score = pieces.score[least];
    const label = pieces.tag[least].replace(/^[BI]-/, "");
    return { label, score, other: pieces.other[least], otherScore: score - pieces.margin[least] };
  }

  /** The index of the first of rising numbers that is at least `value`. @param {number[]} rising @param {number} value */
  function firstAt(rising, value) {
    let low = 0;
    let high = rising.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rising[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What differs, in words. @param {TagData} data @param {Pair[]} pairs */
  function sentence(data, pairs) {
    if (data.pairs.length && !pairs.length) return "No name has these labels and this threshold.";
    if (!pairs.length) return data.right ? "Neither side found a name." : "No name was found.";
    if (!data.right) return `by ${data.titles.left} alone`;
    /** @param {Kind} kind */
    const count = (kind) => pairs.filter((pair) => pair.kind === kind).length;
    const boundary = count("boundary");
    const label = count("label");
    const parts = [
      label && wording.countOf(label, "label differs", "labels differ"),
      boundary && wording.countOf(boundary, "boundary differs", "boundaries differ"),
      count("only_left") && `${count("only_left")} only in A`,
      count("only_right") && `${count("only_right")} only in B`,
    ].filter(Boolean);
    return parts.length ? parts.join(" · ") : "Both find the same names.";
  }

  return { visible, passes, first, different, missing, opinion, sentence };
})();
