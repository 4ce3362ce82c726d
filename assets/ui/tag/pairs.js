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
    return data.pairs.flatMap(([left, right, drift], index) => {
      const original = entityAt(data.original, left);
      const int8 = entityAt(data.int8, right);
      if (!original && !int8) return [];
      return {
        index,
        at: { original: left ?? -1, int8: right ?? -1 },
        original,
        int8,
        kind: data.int8 ? kindOf(original, int8) : "same",
        drift: original && int8 ? drift : null,
        fragile: fragile.has(index),
      };
    });
  }

  /** @param {Entity | null} original @param {Entity | null} int8 @returns {Kind} */
  function kindOf(original, int8) {
    if (!int8) return "only_original";
    if (!original) return "only_int8";
    if (original.label !== int8.label) return "label";
    return original.start === int8.start && original.end === int8.end ? "same" : "boundary";
  }

  /** @param {Pair} pair @returns {Entity} */
  const first = (pair) => /** @type {Entity} */ (pair.original || pair.int8);

  /** @param {Pair[]} pairs */
  const different = (pairs) => pairs.filter((pair) => pair.kind !== "same");

  /** @param {TagData} data @param {Pair[]} pairs */
  function sentence(data, pairs) {
    if (data.pairs.length && !pairs.length) return "No entity has these labels and this threshold.";
    if (!pairs.length) return data.int8 ? "Neither found an entity." : "No entity was found.";
    const total = wording.countOf(pairs.length, "entity", "entities");
    if (!data.int8) return `${total} found by the original`;
    /** @param {Kind} kind */
    const count = (kind) => pairs.filter((pair) => pair.kind === kind).length;
    const boundary = count("boundary");
    const label = count("label");
    return [
      `${count("same")} of ${total} identical`,
      boundary && wording.countOf(boundary, "boundary differs", "boundaries differ"),
      label && wording.countOf(label, "label differs", "labels differ"),
      count("only_original") && `${count("only_original")} only in the original`,
      count("only_int8") && `${count("only_int8")} only in INT8`,
    ]
      .filter(Boolean)
      .join(" · ");
  }

  return { visible, passes, first, different, sentence };
})();
