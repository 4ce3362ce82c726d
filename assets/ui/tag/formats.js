// @ts-check
/* Tab 'Tag': the result on show, as the filter leaves it, in each format that it can be saved in. */

const tagFormats = (() => {
  /** @param {Side} side @returns {Entity[]} */
  const visible = (side) =>
    (tagState.shown.data[side] || []).filter((entity) => tagPairs.passes(entity, tagState.filter));

  /** Where the result comes from, with what the reader set. */
  function provenance() {
    const { data } = tagState.shown;
    const { hidden, threshold } = tagState.filter;
    const labels = Object.keys(data.labels).filter((label) => !hidden.has(label));
    return { ...data.provenance, threshold, labels: hidden.size ? labels : null };
  }

  /** What the API's compare (or, with one side alone, tag) answers for the settings on show. */
  function json() {
    const { data, pairs } = tagState.shown;
    const left = visible("left");
    if (!data.right) {
      return JSON.stringify({ text: data.text, entities: left, provenance: provenance() }, null, 1);
    }
    const different = tagPairs.different(pairs);
    const identical = pairs.length ? 1 - different.length / pairs.length : 1;
    const answer = {
      text: data.text,
      left: { ...data.origins.left, entities: left },
      right: { ...data.origins.right, entities: visible("right") },
      differences: different.map(({ kind, left, right, drift }) => ({
        kind,
        left,
        right,
        drift,
      })),
      identical: Math.round(identical * 1e6) / 1e6,
      timing: data.timing,
      provenance: provenance(),
    };
    return JSON.stringify(answer, null, 1);
  }

  /** One row for each pair; the first one also tells where all come from. */
  function table() {
    const names = /** @type {const} */ (["text", "label", "start", "end", "score"]);
    const columns = tagState.sides.flatMap((side) => names.map((name) => ({ side, name })));
    const head = columns.map(({ side, name }) => `${name}_${side}`);
    const body = tagState.shown.pairs.map((pair, index) => [
      pair.kind,
      pair.fragile ? "yes" : "no",
      ...columns.map(({ side, name }) => pair[side]?.[name]),
      pair.drift,
      index ? "" : JSON.stringify(provenance()),
    ]);
    return csv.write([["status", "fragile", ...head, "drift", "provenance"], ...body]);
  }

  /** @typedef {{word: number, start: number, end: number}} Token */

  /** @param {Pieces} pieces @returns {Token[]} */
  function tokensOf({ word, start, end }) {
    /** @type {Token[]} */
    const tokens = [];
    word.forEach((number, index) => {
      const last = tokens.at(-1);
      if (last && last.word === number) last.end = end[index];
      else tokens.push({ word: number, start: start[index], end: end[index] });
    });
    return tokens;
  }

  /**
   * Token, tag of the left side, tag of the right one: the columns that conlleval reads, after one
   * line of comment. Tokens are the left side's.
   */
  function conll() {
    const { text, pieces } = tagState.shown.data;
    const characters = [...text];
    const tokens = tokensOf(/** @type {Pieces} */ (pieces.left));
    const columns = tagState.sides.map((side) => bioTags(tokens, visible(side)));
    const lines = tokens.flatMap((token, index) => {
      const gap = index ? characters.slice(tokens[index - 1].end, token.start) : [];
      const spelled = characters.slice(token.start, token.end).join("").replace(/\s/g, "_");
      const line = [spelled, ...columns.map((tags) => tags[index])].join("\t");
      return gap.includes("\n") ? ["", line] : [line];
    });
    return `# provenance = ${JSON.stringify(provenance())}\n${lines.join("\n")}\n`;
  }

  /**
   * One BIO2 tag a token; a token belongs to the entity that it overlaps.
   * @param {Token[]} tokens
   * @param {Entity[]} entities
   */
  function bioTags(tokens, entities) {
    let next = 0;
    let begun = -1;
    return tokens.map((token) => {
      while (next < entities.length && entities[next].end <= token.start) next += 1;
      if (next >= entities.length || entities[next].start >= token.end) return "O";
      const prefix = begun === next ? "I" : "B";
      begun = next;
      return `${prefix}-${entities[next].label}`;
    });
  }

  /** The result as a page of its own: its markup, its style, nothing from elsewhere. */
  function page() {
    const { titles } = tagState.shown.data;
    const title = `Named entities: ${Object.values(titles).join(" and ")}`;
    const alone = document.implementation.createHTMLDocument(title);
    alone.documentElement.lang = "en";
    const charset = dom.make("meta");
    charset.setAttribute("charset", "utf-8");
    alone.head.prepend(charset);
    alone.head.append(
      dom.make("style", { textContent: dom.find(document, "#ner-style").textContent }),
    );
    alone.body.className = `alone ${theme.current()}`;
    const source = dom.make("pre", { textContent: JSON.stringify(provenance(), null, 1) });
    const made = dom.make("details", { id: "provenance" });
    made.append(dom.make("summary", { textContent: "Where this comes from" }), source);
    const result = still();
    result.append(made);
    alone.body.append(dom.make("h1", { textContent: title }), result);
    return `<!doctype html>\n${alone.documentElement.outerHTML}`;
  }

  /** A copy of the result in which nothing is to be pressed, with every row of its table. */
  function still() {
    const copy = /** @type {HTMLElement} */ (tagState.shown.root.cloneNode(true));
    for (const head of copy.querySelectorAll("th")) head.replaceChildren(head.textContent || "");
    const extra = ".view-bar, .controls, .take-away, [data-part=out], [data-part=detail]";
    const rest = "[data-fold=pieces], template, button, kbd";
    for (const element of copy.querySelectorAll(`${extra}, ${rest}`)) element.remove();
    for (const mark of copy.querySelectorAll(".e")) mark.removeAttribute("tabindex");
    const table = dom.find(copy, "[data-part=entity-table]", HTMLTableElement);
    for (const body of [...table.tBodies]) body.remove();
    table.append(dom.make("tbody", {}, ...tagState.shown.pairs.map(tagTable.entityRow)));
    for (const fold of copy.querySelectorAll("details")) fold.open = true;
    return copy;
  }

  /** @type {Record<string, () => string>} */
  return { json, csv: table, conll, html: page };
})();
