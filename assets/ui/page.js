// @ts-check
/* What the server's components call; all else stays within the script. */

Object.assign(globalThis, {
  ner: {
    mount: tagTab.mount,
    mountTimes: tagSummary.mountTimes,
    /** @param {...unknown} now */
    shared: (...now) => {
      theme.apply();
      tabs.follow();
      return tagShare.read(...now);
    },
    example: tagAsk.example,
    now: tagAsk.now,
    send: tagAsk.send,
    choose: tagAsk.choose,
    fail: tagAsk.fail,
    count: tagAsk.count,
    probing: () => dom.find(document, "#probe-result").classList.remove("stale"),
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
  choosing: chooseTab,
});
