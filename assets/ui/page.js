// @ts-check
/* What the server's components call; all else stays within the script. */

Object.assign(globalThis, {
  ner: {
    mount: tagTab.mount,
    /** @param {...unknown} now */
    shared: (...now) => {
      theme.apply();
      return tagShare.read(...now);
    },
    tagFirst: tagTab.tag,
    busy: tagTab.busy,
    done: tagTab.done,
    probing: tagTab.probing,
    correct: { take: correctTab.take },
  },
  correction: { mount: correctTab.mount, lines: correctTab.lines, taken: correctTab.taken },
  evaluation: {
    mount: evaluateTab.mount,
    busy: evaluateTab.busy,
    done: evaluateTab.done,
    check: evaluateTab.check,
    save: download.save,
  },
  judge: judgeTab,
});
