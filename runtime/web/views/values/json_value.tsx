/** A JSON value to read: short ones on a line, others as a tree that folds. */
import type { VNode } from "preact";
import type { Json } from "../../../../sdk/json.ts";

/** Longer texts are not one line. Characters. */
const SHORT = 60;
/** A larger value is shown as text: a page of thousands of elements is slow. */
const MOST_NODES = 2_000;
/** Lists and objects below this depth are shown as text. */
const DEEPEST = 20;
/** Parts that begin open: so deep, and with so many entries at most. */
const OPEN = { depth: 2, entries: 30 } as const;

/** @param text JSON text, which may be cut; other text is shown as it is */
export function JsonValue({ text }: { readonly text: string }): VNode {
  const value = text.length <= SHORT ? undefined : parsed(text);
  if (value === undefined || !isContainer(value) || nodesOf(value) > MOST_NODES)
    return <pre class="value">{text}</pre>;
  return (
    <div class="value json">
      <Entries value={value} depth={0} />
    </div>
  );
}

type Container = readonly Json[] | { readonly [key: string]: Json };

const isContainer = (value: Json): value is Container =>
  typeof value === "object" && value !== null;

/** Undefined for what is not JSON, and for numbers that JavaScript would write otherwise. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text, exact as (key: string, value: Json) => Json) as Json;
  } catch {
    return undefined;
  }
}

/** A page that shows 9007199254740992 for 9007199254740993 would misstate the value. */
function exact(_key: string, value: Json, { source }: { readonly source?: string }): Json {
  if (typeof value === "number" && source !== String(value)) throw new RangeError(source);
  return value;
}

/** Stops counting above the bound. */
function nodesOf(value: Json): number {
  let count = 0;
  const left: Json[] = [value];
  while (left.length > 0 && count <= MOST_NODES) {
    count += 1;
    const next = left.pop();
    if (next !== undefined && isContainer(next)) left.push(...Object.values(next));
  }
  return count;
}

function Entries({ value, depth }: { readonly value: Container; readonly depth: number }): VNode {
  return (
    <ul>
      {Object.entries(value).map(([key, entry]) => (
        <li>
          <Entry name={key} value={entry} depth={depth + 1} />
        </li>
      ))}
    </ul>
  );
}

interface EntryProps {
  readonly name: string;
  readonly value: Json;
  readonly depth: number;
}

function Entry({ name, value, depth }: EntryProps): VNode {
  const text = JSON.stringify(value);
  if (!isContainer(value) || text.length <= SHORT || depth >= DEEPEST)
    return (
      <>
        <b>{name}</b> <code class={kindOf(value)}>{text}</code>
      </>
    );
  const count = Object.keys(value).length;
  return (
    <details open={depth < OPEN.depth && count <= OPEN.entries}>
      <summary>
        <b>{name}</b> <span class="faint">{sizeText(value, count)}</span>
      </summary>
      <Entries value={value} depth={depth} />
    </details>
  );
}

function kindOf(value: Json): string {
  return value === null ? "json-null" : `json-${typeof value}`;
}

function sizeText(value: Container, count: number): string {
  const noun = Array.isArray(value) ? "item" : "field";
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
