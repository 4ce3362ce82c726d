/* The page's own behaviour: filtering, walking, sorting, saving and sharing one result.
 *
 * The server sends a result as {html, data}: `html` is escaped markup, `data` the same result as
 * JSON text. Everything here that shows a text does so through textContent, never as markup.
 * Offsets in `data` are code points, as in Python.
 */
"use strict";

const ner = (() => {
  // A link longer than this is cut by mail and chat programs.
  const LONGEST_LINK = 8000;
  // Rows put into a table at once; the rest follows frame by frame, so that typing stays fluid.
  const ROWS_AT_ONCE = 60;
  // Characters of data from which on a result takes a noticeable time to lay out.
  const MUCH_DATA = 200_000;
  const SIDES = ["original", "int8"];
  const SIDE_NAMES = { original: "original", int8: "INT8" };
  const KINDS = {
    same: { name: "same", sign: "" },
    boundary: { name: "boundary differs", sign: "↔" },
    label: { name: "label differs", sign: "≠" },
    only_original: { name: "only original", sign: "only" },
    only_int8: { name: "only INT8", sign: "only" },
  };

  // What the reader has set; it outlives a result.
  const chosen = { hidden: new Set(), threshold: 0, view: "entities", sort: "order", down: false };
  // The result on show: its root element, its data, its marks by side, the pairs that are visible.
  let shown = null;
  let at = null; // The entity that was last focused: {side, index, pair}.

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const part = (name) => shown.root.querySelector(`[data-part="${name}"]`);
  const signed = (value) => {
    if (value === null) return "";
    const size = Math.abs(value).toFixed(3);
    return Number(size) === 0 ? size : (value < 0 ? "−" : "+") + size;
  };
  const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

  // ---- A result arrives -------------------------------------------------------------------

  function mount(element, props, watch) {
    const root = element.querySelector(".ner");
    let turn = 0;
    const show = () => {
      const mine = (turn += 1);
      const value = props.value || { html: "", data: "" };
      root.innerHTML = value.html;
      root.removeAttribute("aria-busy");
      at = null;
      shown = null;
      const finish = () => {
        if (mine !== turn) return;
        shown = open(root, JSON.parse(value.data));
        apply();
      };
      if (value.data && value.data.length < MUCH_DATA) finish();
      else if (value.data) inSteps(root, finish);
    };
    watch("value", show);
    show();
  }

  /* A long result in one go would freeze the page for a moment: one step a frame instead. */
  function inSteps(root, finish) {
    const second = root.querySelector('.panel[data-side="int8"] .text');
    if (second) second.hidden = true;
    const nextFrame = (step) => requestAnimationFrame(() => setTimeout(step));
    nextFrame(() => {
      finish();
      if (second) nextFrame(() => (second.hidden = false));
    });
  }

  function open(root, data) {
    const marks = {};
    for (const side of SIDES) {
      marks[side] = [...root.querySelectorAll(`.panel[data-side="${side}"] .e`)];
    }
    for (const box of root.querySelectorAll("[data-label]")) {
      box.checked = !chosen.hidden.has(box.value);
    }
    root.querySelector("[data-part=threshold]").value = chosen.threshold;
    const fragile = new Set(data.fragile);
    return { root, data, marks, fragile, pairs: [], pairOf: { original: [], int8: [] } };
  }

  // ---- Filtering: acts at once, on what was already found ---------------------------------

  const kept = (entity) =>
    entity !== null && entity.score >= chosen.threshold && !chosen.hidden.has(entity.label);

  /* Pairs stay as the server aligned them; a side that is filtered out leaves the other alone. */
  function visiblePairs() {
    const { data } = shown;
    const pairs = [];
    data.pairs.forEach(([left, right, drift], index) => {
      const sides = {
        original: left === null ? null : data.original[left],
        int8: right === null ? null : data.int8[right],
      };
      const original = kept(sides.original) ? sides.original : null;
      const int8 = kept(sides.int8) ? sides.int8 : null;
      if (!original && !int8) return;
      const both = original && int8;
      pairs.push({
        index,
        at: { original: left, int8: right },
        original,
        int8,
        kind: kindOf(original, int8),
        drift: both ? drift : null,
        fragile: shown.fragile.has(index),
      });
    });
    return pairs;
  }

  function kindOf(original, int8) {
    if (!shown.data.int8) return "same";
    if (!int8) return "only_original";
    if (!original) return "only_int8";
    if (original.label !== int8.label) return "label";
    return original.start === int8.start && original.end === int8.end ? "same" : "boundary";
  }

  function apply() {
    shown.pairs = visiblePairs();
    for (const side of SIDES) {
      const pairOf = new Array(shown.marks[side].length).fill(null);
      for (const pair of shown.pairs) if (pair[side]) pairOf[pair.at[side]] = pair;
      shown.pairOf[side] = pairOf;
      shown.marks[side].forEach((mark, index) => dress(mark, side, pairOf[index]));
      rove(side, pairOf.findIndex((pair) => pair !== null));
    }
    part("threshold-value").textContent = chosen.threshold.toFixed(2);
    part("sentence").textContent = sentence();
    for (const button of shown.root.querySelectorAll("[data-do=next], [data-do=previous]")) {
      button.disabled = !shown.pairs.some((pair) => pair.kind !== "same");
    }
    drawKept();
    fillTable();
    part("out").replaceChildren();
  }

  /* Attributes are written only where they change: a slider moves through thousands of marks. */
  function dress(mark, side, pair) {
    const state = pair ? pair.kind : "off";
    if (mark.dataset.kind === state) return;
    mark.dataset.kind = state;
    if (!pair) {
      for (const name of ["role", "aria-label", "tabindex", "data-sign"]) mark.removeAttribute(name);
      return;
    }
    if (KINDS[pair.kind].sign) mark.dataset.sign = KINDS[pair.kind].sign;
    else delete mark.dataset.sign;
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", "-1");
    mark.setAttribute("aria-label", spoken(pair, side));
  }

  function spoken(pair, side) {
    const entity = pair[side];
    const name = shown.data.labels[entity.label].name || entity.label;
    const words = [entity.text, name, entity.score.toFixed(2)];
    if (shown.data.int8) words.push(relation(pair, side));
    return words.join(", ");
  }

  function relation(pair, side) {
    const other = SIDES[1 - SIDES.indexOf(side)];
    const where = other === "int8" ? "in INT8" : "in the original";
    if (pair.kind === "same") return `same ${where}`;
    if (!pair[other]) return `not found ${where}`;
    if (pair.kind === "label") {
      return `${shown.data.labels[pair[other].label].name || pair[other].label} ${where}`;
    }
    return `other boundaries ${where}: ${pair[other].text}`;
  }

  function sentence() {
    const { pairs, data } = shown;
    const filtered = data.pairs.length > 0 && pairs.length === 0;
    if (filtered) return "No entity has these labels and this threshold.";
    if (!pairs.length) return data.int8 ? "Neither found an entity." : "No entity was found.";
    if (!data.int8) return plural(pairs.length, "entity", "entities") + " found by the original";
    const count = (kind) => pairs.filter((pair) => pair.kind === kind).length;
    const parts = [
      `${count("same")} of ${plural(pairs.length, "entity", "entities")} identical`,
    ];
    if (count("boundary")) parts.push(plural(count("boundary"), "boundary differs", "boundaries differ"));
    if (count("label")) parts.push(plural(count("label"), "label differs", "labels differ"));
    if (count("only_original")) parts.push(`${count("only_original")} only in the original`);
    if (count("only_int8")) parts.push(`${count("only_int8")} only in INT8`);
    return parts.join(" · ");
  }

  /* Entities kept over threshold, drawn behind the slider on the slider's own scale. */
  function drawKept() {
    for (const side of SIDES) {
      const line = part(`kept-${side}`);
      const all = shown.data[side];
      if (!all) continue;
      const most = Math.max(1, shown.data.original.length, (shown.data.int8 || []).length);
      const scores = all
        .filter((entity) => !chosen.hidden.has(entity.label))
        .map((entity) => entity.score)
        .sort((a, b) => a - b);
      const points = [];
      let passed = 0;
      for (let step = 0; step <= 100; step += 1) {
        while (passed < scores.length && scores[passed] < step / 100) passed += 1;
        points.push(`${step},${(22 - (20 * (scores.length - passed)) / most).toFixed(2)}`);
      }
      line.setAttribute("points", points.join(" "));
    }
    const counts = SIDES.filter((side) => shown.data[side]).map(
      (side) => `${SIDE_NAMES[side]} ${shown.pairs.filter((pair) => pair[side]).length}/${shown.data[side].length}`,
    );
    part("kept").textContent = `keeps ${counts.join(", ")}`;
  }

  // ---- Walking ----------------------------------------------------------------------------

  /* One entity of a panel is in the tab order; the arrow keys move which one it is. */
  function rove(side, index) {
    const panel = shown.root.querySelector(`.panel[data-side="${side}"] .text`);
    if (!panel) return;
    const before = panel.querySelector('.e[tabindex="0"]');
    if (before) before.setAttribute("tabindex", "-1");
    const mark = shown.marks[side][index];
    if (mark) mark.setAttribute("tabindex", "0");
    // Without an entity the text itself takes the focus, so that it can be scrolled.
    panel.tabIndex = mark ? -1 : 0;
  }

  function focusEntity(side, index) {
    const pair = index >= 0 && shown.pairOf[side][index];
    if (!pair) return;
    rove(side, index);
    shown.marks[side][index].focus({ preventScroll: true });
    shown.marks[side][index].scrollIntoView({ block: "nearest" });
  }

  function noticeFocus(mark) {
    const side = mark.closest(".panel").dataset.side;
    const index = Number(mark.dataset.i);
    const pair = shown.pairOf[side][index];
    if (!pair) return;
    at = { side, index, pair };
    for (const old of shown.root.querySelectorAll(".e.twin")) old.classList.remove("twin");
    const other = SIDES[1 - SIDES.indexOf(side)];
    if (pair[other]) {
      const twin = shown.marks[other][pair.at[other]];
      twin.classList.add("twin");
      scrollInside(twin.closest(".text"), twin);
    }
    part("detail").replaceChildren(...detail(pair));
    markRow();
  }

  const scrollInside = (box, element) => {
    const outer = box.getBoundingClientRect();
    const inner = element.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) {
      box.scrollTop += inner.top - outer.top - box.clientHeight / 3;
    }
  };

  function detail(pair) {
    const nodes = [make("b", { textContent: (pair.original || pair.int8).text })];
    for (const side of SIDES) {
      const entity = pair[side];
      if (!shown.data[side]) continue;
      nodes.push(
        ` · ${SIDE_NAMES[side]}: ` +
          (entity ? `${entity.label} ${entity.start}–${entity.end}, ${entity.score.toFixed(3)}` : "none"),
      );
    }
    if (pair.drift !== null) nodes.push(` · drift ${signed(pair.drift)}`);
    if (pair.fragile) nodes.push(" · fragile: another label is close");
    return nodes;
  }

  function step(direction) {
    const { side, index } = at || { side: "original", index: -1 };
    const pairOf = shown.pairOf[side];
    for (let next = index + direction; next >= 0 && next < pairOf.length; next += direction) {
      if (pairOf[next]) return focusEntity(side, next);
    }
  }

  function cross() {
    if (!at || !shown.data.int8) return;
    const other = SIDES[1 - SIDES.indexOf(at.side)];
    if (at.pair[other]) return focusEntity(other, at.pair.at[other]);
    const start = at.pair[at.side].start;
    const near = shown.pairs
      .filter((pair) => pair[other])
      .sort((a, b) => Math.abs(a[other].start - start) - Math.abs(b[other].start - start))[0];
    if (near) focusEntity(other, near.at[other]);
  }

  function jump(direction) {
    const different = shown.pairs.filter((pair) => pair.kind !== "same");
    if (!different.length) return;
    const here = at ? at.pair.index : direction > 0 ? -1 : Infinity;
    const ordered = direction > 0 ? different : [...different].reverse();
    const next = ordered.find((pair) => (pair.index - here) * direction > 0) || ordered[0];
    const side = at && next[at.side] ? at.side : next.original ? "original" : "int8";
    focusEntity(side, next.at[side]);
  }

  function edge(last) {
    const side = at ? at.side : "original";
    const pairOf = shown.pairOf[side];
    focusEntity(side, last ? pairOf.findLastIndex(Boolean) : pairOf.findIndex(Boolean));
  }

  const KEYS = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: cross,
    ArrowUp: cross,
    Home: () => edge(false),
    End: () => edge(true),
    n: () => jump(1),
    p: () => jump(-1),
    Enter: () => part("entities").firstElementChild.scrollIntoView({ block: "nearest" }),
  };

  // ---- Tables -----------------------------------------------------------------------------

  const first = (pair) => pair.original || pair.int8;
  const COLUMNS = {
    order: (pair) => pair.index,
    entity: (pair) => first(pair).text.toLowerCase(),
    label: (pair) => first(pair).label,
    start: (pair) => first(pair).start,
    end: (pair) => first(pair).end,
    original: (pair) => (pair.original ? pair.original.score : -1),
    int8: (pair) => (pair.int8 ? pair.int8.score : -1),
    drift: (pair) => (pair.drift === null ? -1 : Math.abs(pair.drift)),
    status: (pair) => pair.kind + (pair.fragile ? "" : " "),
  };

  function fillTable() {
    const pieces = chosen.view === "pieces";
    for (const button of shown.root.querySelectorAll("[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === chosen.view));
    }
    part("entities").hidden = pieces;
    part("pieces").hidden = !pieces;
    if (pieces) return fill(part("piece-table"), shown.data.pieces.start.keys(), pieceRow);
    const key = COLUMNS[chosen.sort];
    const sign = chosen.down ? -1 : 1;
    const rows = [...shown.pairs].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.index - b.index;
    });
    for (const head of shown.root.querySelectorAll("th[data-sort]")) {
      const sorted = head.dataset.sort === chosen.sort;
      head.setAttribute("aria-sort", sorted ? (chosen.down ? "descending" : "ascending") : "none");
    }
    fill(part("entity-table"), rows.values(), entityRow);
  }

  /* Put rows into a table, some now and the rest frame by frame until a newer call. Each portion
     is a tbody of its own, which the browser lays out only when it is scrolled to. */
  function fill(table, items, row) {
    const turn = (table.turn = (table.turn || 0) + 1);
    for (const body of [...table.tBodies]) body.remove();
    const more = () => {
      if (table.turn !== turn || !table.isConnected) return;
      const rows = [];
      for (let item = items.next(); !item.done; item = items.next()) {
        rows.push(row(item.value));
        if (rows.length === ROWS_AT_ONCE) break;
      }
      table.append(make("tbody", {}, ...rows));
      markRow();
      if (rows.length === ROWS_AT_ONCE) requestAnimationFrame(more);
    };
    more();
  }

  function markRow() {
    const row = at && part("entity-table").querySelector(`tr[data-pair="${at.pair.index}"]`);
    if (!row || row.classList.contains("at")) return;
    const old = shown.root.querySelector("tr.at");
    if (old) old.classList.remove("at");
    row.classList.add("at");
    scrollInside(part("entities").firstElementChild, row);
  }

  const cell = (text, className = "") => make("td", { textContent: text, className });

  function entityRow(pair) {
    const { original, int8 } = pair;
    const either = (name) =>
      original && int8 && original[name] !== int8[name]
        ? `${original[name]} → ${int8[name]}`
        : String(first(pair)[name]);
    const row = make(
      "tr",
      { className: pair.kind === "same" ? "" : "differs" },
      cell(either("text"), "spelled"),
      make("td", {}, labelChip(pair)),
      cell(either("start"), "number"),
      cell(either("end"), "number"),
      cell(original ? original.score.toFixed(3) : "–", "number"),
    );
    if (shown.data.int8) {
      row.append(
        cell(int8 ? int8.score.toFixed(3) : "–", "number"),
        cell(signed(pair.drift), "number"),
      );
    }
    const words = shown.data.int8 ? [KINDS[pair.kind].name] : [];
    if (pair.fragile) words.push("fragile");
    row.append(cell(words.join(", ")));
    row.dataset.pair = pair.index;
    return row;
  }

  function labelChip(pair) {
    const names = [...new Set([pair.original, pair.int8].filter(Boolean).map((one) => one.label))];
    const chips = names.map((label) =>
      make("span", { className: `chip ${shown.data.labels[label].class}`, textContent: label }),
    );
    return make("span", {}, ...chips.flatMap((chip, index) => (index ? [" → ", chip] : [chip])));
  }

  function pieceRow(index) {
    const { pieces } = shown.data;
    const sides = SIDES.filter((side) => pieces[side]);
    const tags = sides.map((side) => pieces[side].tag[index]);
    const row = make(
      "tr",
      { className: new Set(tags).size > 1 ? "differs" : "" },
      cell(pieces.text[index], "spelled"),
      cell(`${pieces.start[index]}–${pieces.end[index]}`, "number"),
    );
    sides.forEach((side, position) => {
      row.append(
        cell(tags[position]),
        cell(pieces[side].score[index].toFixed(3), "number"),
        cell(pieces[side].margin[index].toFixed(3), "number"),
      );
    });
    return row;
  }

  // ---- Saving -----------------------------------------------------------------------------

  const side = (name) => shown.data[name] && shown.data[name].filter(kept);

  /* What the API's compare (or, without INT8, tag) answers for the settings on show. */
  function asJson() {
    const { data, pairs } = shown;
    if (!data.int8) return JSON.stringify({ text: data.text, entities: side("original") }, null, 1);
    const differences = pairs.filter((pair) => pair.kind !== "same");
    const identical = pairs.length ? 1 - differences.length / pairs.length : 1;
    return JSON.stringify(
      {
        text: data.text,
        original: side("original"),
        int8: side("int8"),
        differences: differences.map(({ kind, original, int8, drift }) => ({ kind, original, int8, drift })),
        identical: Math.round(identical * 1e6) / 1e6,
        timing: data.timing,
      },
      null,
      1,
    );
  }

  /* A spreadsheet would run a cell that begins like a formula: an apostrophe makes it a text. */
  function csvCell(value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r\0＝＋－＠]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function asCsv() {
    const names = ["text", "label", "start", "end", "score"];
    const sides = SIDES.filter((name) => shown.data[name]);
    const head = ["status", "fragile", ...sides.flatMap((one) => names.map((name) => `${name}_${one}`)), "drift"];
    const rows = shown.pairs.map((pair) => [
      pair.kind,
      pair.fragile ? "yes" : "no",
      ...sides.flatMap((one) => names.map((name) => (pair[one] ? pair[one][name] : null))),
      pair.drift,
    ]);
    return [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
  }

  /* Token, tag of the original, tag of INT8: the columns that conlleval reads. */
  function asConll() {
    const characters = [...shown.data.text];
    const { word, start, end } = shown.data.pieces;
    const tokens = [];
    word.forEach((number, index) => {
      const last = tokens.at(-1);
      if (last && last.word === number) last.end = end[index];
      else tokens.push({ word: number, start: start[index], end: end[index] });
    });
    const columns = SIDES.filter((name) => shown.data[name]).map((name) => bioTags(tokens, side(name)));
    const lines = [];
    tokens.forEach((token, index) => {
      const gap = index ? characters.slice(tokens[index - 1].end, token.start) : [];
      if (gap.includes("\n")) lines.push("");
      const spelled = characters.slice(token.start, token.end).join("").replace(/\s/g, "_");
      lines.push([spelled, ...columns.map((tags) => tags[index])].join("\t"));
    });
    return lines.join("\n") + "\n";
  }

  /* One BIO2 tag a token; a token belongs to the entity that it overlaps. */
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

  /* The result as a page of its own: its markup, its style, nothing from elsewhere. */
  function asHtml() {
    const copy = shown.root.cloneNode(true);
    for (const head of copy.querySelectorAll("th")) head.textContent = head.textContent;
    for (const extra of copy.querySelectorAll(".controls, .actions, [data-part=out], [data-part=pieces], button, kbd")) {
      extra.remove();
    }
    for (const mark of copy.querySelectorAll(".e")) mark.removeAttribute("tabindex");
    const table = copy.querySelector("[data-part=entity-table]");
    for (const body of [...table.tBodies]) body.remove();
    table.append(make("tbody", {}, ...shown.pairs.map(entityRow)));
    copy.querySelector("[data-part=entities]").hidden = false;
    const theme = document.body.classList.contains("dark") ? "dark" : "light";
    const style = document.getElementById("ner-style").textContent;
    const title = `NER: ${shown.data.settings.model}, original and INT8`;
    const page = document.implementation.createHTMLDocument(title);
    page.documentElement.lang = "en";
    page.head.prepend(make("meta", {}));
    page.head.firstChild.setAttribute("charset", "utf-8");
    page.head.append(make("style", { textContent: style }));
    page.body.className = `alone ${theme}`;
    page.body.append(make("h1", { textContent: title }), copy);
    return "<!doctype html>\n" + page.documentElement.outerHTML;
  }

  const FORMATS = {
    json: { type: "application/json", write: asJson },
    csv: { type: "text/csv", write: asCsv },
    conll: { type: "text/plain", write: asConll },
    html: { type: "text/html", write: asHtml },
  };

  function save(format) {
    const { type, write } = FORMATS[format];
    const url = URL.createObjectURL(new Blob([write()], { type: `${type};charset=utf-8` }));
    make("a", { href: url, download: `entities.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  // ---- Sharing and Python -----------------------------------------------------------------

  const through = async (bytes, stream) =>
    new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

  async function pack(value) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const packed = await through(bytes, new CompressionStream("deflate-raw"));
    const letters = Array.from(packed, (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  async function unpack(packed) {
    const letters = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const plain = await through(bytes, new DecompressionStream("deflate-raw"));
    return JSON.parse(new TextDecoder().decode(plain));
  }

  async function share() {
    const hidden = [...chosen.hidden];
    const { text, settings } = shown.data;
    const hash = `#ner=${await pack({ text, ...settings, hidden, threshold: chosen.threshold })}`;
    const link = location.href.split("#")[0] + hash;
    if (link.length > LONGEST_LINK) {
      return output(
        `This text makes a link of ${link.length.toLocaleString("en")} characters; links over ` +
          `${LONGEST_LINK.toLocaleString("en")} get lost on their way. Download the result instead.`,
      );
    }
    history.replaceState(null, "", hash);
    // Inside the frame of a Space only the outer page can change the address that a reader sees.
    if (window.parent !== window) window.parent.postMessage({ queryString: "", hash }, "https://huggingface.co");
    output("The text and the settings are in the link itself; nothing is stored.", link);
  }

  function python() {
    const { text, settings, labels } = shown.data;
    const options = [];
    const quoted = (value) => JSON.stringify(value);
    if (settings.model !== "bundled") options.push(`model=${quoted(settings.model)}`);
    if (settings.strategy !== "first") options.push(`strategy=${quoted(settings.strategy)}`);
    if (chosen.threshold > 0) options.push(`threshold=${chosen.threshold}`);
    const names = Object.keys(labels);
    const visible = names.filter((label) => !chosen.hidden.has(label));
    if (visible.length < names.length) options.push(`labels=[${visible.map(quoted).join(", ")}]`);
    if (settings.device !== "CPU") options.push(`device=${quoted(settings.device)}`);
    output(
      "Run it where this project is installed.",
      [
        "import ner",
        "",
        `text = ${quoted(text)}`,
        `for pair in ner.compare(${["text", ...options].join(", ")}).pairs:`,
        "    print(pair.kind, pair.original, pair.int8)",
      ].join("\n"),
    );
  }

  /* Show what can be taken away, and put it on the clipboard where the browser lets us. */
  function output(sentence, content = null) {
    const note = make("p", { textContent: sentence });
    note.setAttribute("role", "status");
    const nodes = [note];
    if (content !== null) {
      const field = make("pre", { textContent: content, tabIndex: 0 });
      const copy = make("button", { type: "button", textContent: "Copy" });
      copy.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(content);
          copy.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(field);
          copy.textContent = "Selected: press Ctrl+C";
        }
      });
      nodes.push(field, copy);
    }
    part("out").replaceChildren(...nodes);
  }

  /* What a link carries, for Gradio's components in the order given; null leaves one as it is. */
  async function shared(...now) {
    applyTheme();
    const match = /^#ner=([\w-]+)$/.exec(location.hash);
    if (!match) return now;
    let link;
    try {
      link = await unpack(match[1]);
    } catch {
      return now;
    }
    const offered = JSON.parse(document.querySelector("[data-offered]").dataset.offered);
    const known = (name, index) => (offered[name].includes(link[name]) ? link[name] : now[index]);
    if (typeof link.text !== "string") return now;
    if (Array.isArray(link.hidden)) chosen.hidden = new Set(link.hidden.map(String));
    if (link.threshold >= 0 && link.threshold <= 1) chosen.threshold = Number(link.threshold);
    return [link.text, known("model", 1), known("device", 2), known("strategy", 3)];
  }

  /* The text that is there at first, an example's or a link's, needs no click. */
  function tagFirst() {
    document.getElementById("tag").click();
  }

  // ---- Events: on the document, since Gradio replaces what is inside ------------------------

  const ACTIONS = {
    next: () => jump(1),
    previous: () => jump(-1),
    share,
    python,
    theme: () => {
      const dark = document.body.classList.toggle("dark");
      localStorage.setItem("ner-theme", dark ? "dark" : "light");
    },
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-do], [data-save], [data-view], th[data-sort] button, tr[data-pair]");
    if (!target) return;
    if (target.dataset.do) ACTIONS[target.dataset.do]();
    if (target.dataset.save) save(target.dataset.save);
    if (target.dataset.view) {
      chosen.view = target.dataset.view;
      fillTable();
    }
    if (target.dataset.pair && !getSelection().toString()) {
      const pair = shown.pairs.find((one) => one.index === Number(target.dataset.pair));
      const where = pair.original ? "original" : "int8";
      focusEntity(where, pair.at[where]);
    }
    const head = target.closest("th[data-sort]");
    if (head) {
      chosen.down = chosen.sort === head.dataset.sort ? !chosen.down : false;
      chosen.sort = head.dataset.sort;
      fillTable();
    }
  });

  let waiting = false;
  document.addEventListener("input", (event) => {
    if (!shown || !shown.root.contains(event.target)) return;
    if (event.target.matches("[data-part=threshold]")) chosen.threshold = Number(event.target.value);
    else if (event.target.matches("[data-label]")) {
      if (event.target.checked) chosen.hidden.delete(event.target.value);
      else chosen.hidden.add(event.target.value);
    } else return;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (shown) apply();
    });
  });

  // Both panels hold the same text, so they scroll together. (Scroll events do not bubble.)
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (!shown || !target.matches || !target.matches(".panel .text")) return;
      const room = (box) => Math.max(1, box.scrollHeight - box.clientHeight);
      for (const other of shown.root.querySelectorAll(".panel .text")) {
        const top = (target.scrollTop / room(target)) * room(other);
        if (Math.abs(other.scrollTop - top) > 1) other.scrollTop = top;
      }
    },
    true,
  );

  document.addEventListener("focusin", (event) => {
    if (shown && event.target.matches(".e")) noticeFocus(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const tab = document.getElementById("tag");
      if (event.target.closest("#text")) tab.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !shown) return;
    // Letters act only while an entity has the focus, so that they never surprise anyone.
    if (!event.target.matches(".e") || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // Until the answer is there: the old result fades, and a probe of another text goes.
  function busy() {
    document.querySelector("#result .ner").setAttribute("aria-busy", "true");
    document.getElementById("probe-result").classList.add("stale");
  }

  function done() {
    document.querySelector("#result .ner").removeAttribute("aria-busy");
  }

  function probing() {
    document.getElementById("probe-result").classList.remove("stale");
  }

  /* The reader's own choice of theme, over the system's that Gradio follows. */
  function applyTheme() {
    const theme = localStorage.getItem("ner-theme");
    if (theme) document.body.classList.toggle("dark", theme === "dark");
  }

  return { mount, shared, tagFirst, busy, done, probing };
})();
