/**
 * Reads the state diagrams of a Markdown text: which verbs lead from which state to
 * which.
 */

/** One arrow as `from verb to`; `[*]` is where a row does not exist yet. */
type Arrow = string;

/** The diagrams under a heading, down to the next heading of the same level. */
export function diagramsUnder(markdown: string, heading: string): readonly string[] {
  const [, rest] = markdown.split(`\n## ${heading}\n`);
  if (rest === undefined) throw new Error(`the text has no heading "${heading}"`);
  const [section = ""] = rest.split("\n## ");
  return [...section.matchAll(/```mermaid\nstateDiagram-v2\n(.*?)```/gs)].map(
    ([, diagram = ""]) => diagram,
  );
}

/** All arrows of a diagram. A box with several states stands for each of them. */
export function arrowsOf(diagram: string, states: readonly string[]): readonly Arrow[] {
  const boxes = new Map<string, readonly string[]>();
  const arrows: Arrow[] = [];
  for (const line of diagram.split("\n").filter((text) => text.trim() !== "")) {
    const box = /^\s*state "(.+)" as (\w+)$/.exec(line);
    const arrow = /^\s*(\[\*\]|\w+) --> (\w+): (.+)$/.exec(line);
    if (box) boxes.set(box[2]!, box[1] === "any state" ? states : box[1]!.split(", "));
    else if (arrow) arrows.push(...expanded(arrow[1]!, arrow[2]!, arrow[3]!.split(", "), boxes));
    else throw new Error(`not a line of a state diagram: ${line}`);
  }
  return arrows;
}

function expanded(
  from: string,
  to: string,
  verbs: readonly string[],
  boxes: ReadonlyMap<string, readonly string[]>,
): readonly Arrow[] {
  const each = (name: string): readonly string[] => boxes.get(name) ?? [name];
  return each(from).flatMap((left) =>
    verbs.flatMap((verb) => each(to).map((entered) => `${left} ${verb} ${entered}`)),
  );
}

/** The arrows of a table of verbs. */
export function arrowsOfVerbs(
  verbs: Readonly<
    Record<string, { readonly from: readonly string[]; readonly to: readonly string[] }>
  >,
): readonly Arrow[] {
  return Object.entries(verbs).flatMap(([verb, { from, to }]) =>
    (from.length === 0 ? ["[*]"] : from).flatMap((left) =>
      to.map((entered) => `${left} ${verb} ${entered}`),
    ),
  );
}
