/**
 * Reads the verbs that a comment names for each state: "- `queued`: … In: start. Out:
 * end."
 */

type StateComment = readonly [state: string, ins: readonly string[], outs: readonly string[]];

/**
 * The states of a comment in its order, with the verbs in the order that the comment has.
 */
export function statesInComment(comment: string): readonly StateComment[] {
  const bullets = comment
    .replaceAll(/\s*\n \*\s*/g, " ")
    .split(" - `")
    .slice(1);
  return bullets.map((bullet) => {
    const found = /^(\w+)`.*? In: ([\w, ]+)\. Out: ([\w, ]+)\./.exec(bullet);
    if (!found) throw new Error(`the comment names no verbs in "${bullet.slice(0, 40)}"`);
    const [, state = "", ins = "", outs = ""] = found;
    return [state, ins.split(", "), outs.split(", ")];
  });
}
