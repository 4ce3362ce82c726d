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

  /** @param {TagData} data @param {Pair[]} pairs */
  function sentence(data, pairs) {
    if (data.pairs.length && !pairs.length) return "No entity has these labels and this threshold.";
    if (!pairs.length) return data.right ? "Neither found an entity." : "No entity was found.";
    const total = wording.countOf(pairs.length, "entity", "entities");
    if (!data.right) return `${total} found by ${wording.inProse(data.titles.left)}`;
    /** @param {Kind} kind */
    const count = (kind) => pairs.filter((pair) => pair.kind === kind).length;
    const boundary = count("boundary");
    const label = count("label");
    return [
      `${count("same")} of ${total} identical`,
      boundary && wording.countOf(boundary, "boundary differs", "boundaries differ"),
      label && wording.countOf(label, "label differs", "labels differ"),
      count("only_left") && `${count("only_left")} only in ${wording.inProse(data.titles.left)}`,
      count("only_right") && `${count("only_right")} only in ${wording.inProse(data.titles.right)}`,
    ]
      .filter(Boolean)
      .join(" · ");
  }

  return { visible, passes, first, different, sentence };
})();
