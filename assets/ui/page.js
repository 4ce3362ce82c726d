// @ts-check
/* What the server's components call; all else stays within the script. */

Object.assign(globalThis, {
  ner: {
    mount: tagShow.mount,
    mountTimes: tagShow.mountTimes,
    send: tagAsk.send,
    kept: tagAsk.kept,
    changed: tagAsk.changed,
    now: tagAsk.now,
    answered: tagAsk.answered,
    failed: tagAsk.failed,
    saved: tagAsk.saved,
    gold: editMode.asked,
    goldSaved: editMode.saved,
    goldTaken: () => tabs.open("decide"),
    mountDecided: decideTab.mount,
    mountStanding: cards.mountStanding,
    measure: decideTab.measure,
    measured: decideTab.done,
    decideChanged: decideTab.changed,
    picked: decideTab.picked,
    signed: decideTab.signed,
    answers: cards.counted,
  },
});
