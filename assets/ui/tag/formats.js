// @ts-check
/* Tab 'Tag': the result on show, as the filter leaves it, in each format that it can be saved in. */

const tagFormats = (() => {
  /** @param {Side} side @returns {Entity[]} */
  const visible = (side) =>
    (tagState.shown.data[side] || []).filter((entity) => tagPairs.passes(entity, tagState.filter));

  const sides = () => wording.SIDES.filter((side) => tagState.shown.data[side]);

  /** What the API's compare (or, without INT8, tag) answers for the settings on show. */
  function json() {
    const { data, pairs } = tagState.shown;
    const left = visible("left");
    if (!data.right) return JSON.stringify({ text: data.text, entities: left }, null, 1);
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
    };
    return JSON.stringify(answer, null, 1);
  }

  /** One row for each pair. */
  function table() {
    const names = /** @type {const} */ (["text", "label", "start", "end", "score"]);
    const columns = sides().flatMap((side) => names.map((name) => ({ side, name })));
    const head = columns.map(({ side, name }) => `${name}_${side}`);
    const body = tagState.shown.pairs.map((pair) => [
      pair.kind,
      pair.fragile ? "yes" : "no",
      ...columns.map(({ side, name }) => pair[side]?.[name]),
      pair.drift,
    ]);
    return csv.write([["status", "fragile", ...head, "drift"], ...body]);
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

  /** Token, tag of the left side, tag of the right one: the columns that conlleval reads. */
  function conll() {
    const { text, pieces } = tagState.shown.data;
    const characters = [...text];
    const tokens = tokensOf(pieces);
    const columns = sides().map((side) => bioTags(tokens, visible(side)));
    const lines = tokens.flatMap((token, index) => {
      const gap = index ? characters.slice(tokens[index - 1].end, token.start) : [];
      const spelled = characters.slice(token.start, token.end).join("").replace(/\s/g, "_");
      const line = [spelled, ...columns.map((tags) => tags[index])].join("\t");
      return gap.includes("\n") ? ["", line] : [line];
    });
    return `${lines.join("\n")}\n`;
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
    const { settings, titles } = tagState.shown.data;
    const title = `NER: ${settings.left}, ${Object.values(titles).join(" and ")}`;
    const alone = document.implementation.createHTMLDocument(title);
    alone.documentElement.lang = "en";
    const charset = dom.make("meta");
    charset.setAttribute("charset", "utf-8");
    alone.head.prepend(charset);
    alone.head.append(
      dom.make("style", { textContent: dom.find(document, "#ner-style").textContent }),
    );
    alone.body.className = `alone ${theme.current()}`;
    alone.body.append(dom.make("h1", { textContent: title }), still());
    return `<!doctype html>\n${alone.documentElement.outerHTML}`;
  }

  /** A copy of the result in which nothing is to be pressed, with every row of its table. */
  function still() {
    const copy = /** @type {HTMLElement} */ (tagState.shown.root.cloneNode(true));
    dom.setBusy(copy, false);
    for (const head of copy.querySelectorAll("th")) head.replaceChildren(head.textContent || "");
    const extra = ".controls, .actions, [data-part=out], [data-part=pieces], button, kbd";
    for (const element of copy.querySelectorAll(extra)) element.remove();
    for (const mark of copy.querySelectorAll(".e")) mark.removeAttribute("tabindex");
    const table = dom.find(copy, "[data-part=entity-table]", HTMLTableElement);
    for (const body of [...table.tBodies]) body.remove();
    table.append(dom.make("tbody", {}, ...tagState.shown.pairs.map(tagTable.entityRow)));
    dom.find(copy, "[data-part=entities]").hidden = false;
    return copy;
  }

  /** @type {Record<string, () => string>} */
  return { json, csv: table, conll, html: page };
})();
