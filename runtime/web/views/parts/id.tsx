/**
 * The id of a DAG, a task, a run or a pool as text of a page. A browser breaks an id
 * that is too long for its line at any letter, unless it knows where its words end.
 */
import type { VNode } from "preact";

/** Shorter ids fit the narrowest column that holds an id, so they stay plain text. */
const LONGEST_WHOLE = 16;

/** Behind a separator, and before the next hump of an id such as `loadOrders`. */
const WORD_ENDS = /(?<=[_.:/@-])(?=[^_.:/@-])|(?<=[a-z0-9])(?=[A-Z])/;

export function Id({ text }: { readonly text: string }): VNode {
  const [first = "", ...more] = text.length > LONGEST_WHOLE ? text.split(WORD_ENDS) : [text];
  return (
    <>
      {first}
      {more.flatMap((word) => [<wbr />, word])}
    </>
  );
}
