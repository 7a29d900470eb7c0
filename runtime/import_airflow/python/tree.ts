/**
 * Python as the importer reads it: statements and expressions, without what no DAG file
 * needs. What has no shape here is `other`, with its text.
 */

/** Where something stands in the file. */
interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** The Python text. */
  readonly text: string;
}

/** An argument of a call: by position, by name, or unpacked by `*` or `**`. */
export interface Argument {
  readonly name: string | null;
  readonly unpacked: "" | "*" | "**";
  readonly value: Expression;
}

/** One `for … in … if …` of a comprehension. */
export interface Loop {
  readonly target: Expression;
  readonly list: Expression;
  readonly tests: readonly Expression[];
}

/** An entry of a dict; without a key for one that `**` unpacks. */
export interface DictEntry {
  readonly key: Expression | null;
  readonly value: Expression;
}

type ExpressionShape =
  | { readonly type: "literal"; readonly value: string | number | boolean | null }
  | { readonly type: "joined"; readonly parts: readonly Expression[] }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly type: "index"; readonly of: Expression; readonly index: Expression }
  | { readonly type: "call"; readonly of: Expression; readonly args: readonly Argument[] }
  | { readonly type: "list"; readonly items: readonly Expression[] }
  | { readonly type: "dict"; readonly entries: readonly DictEntry[] }
  | {
      readonly type: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: "unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly type: "conditional";
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | {
      readonly type: "comprehension";
      /** The key of each entry, for a dict. */
      readonly key: Expression | null;
      readonly element: Expression;
      readonly loops: readonly Loop[];
    }
  | { readonly type: "other" };

export type Expression = Place & ExpressionShape;

/** A parameter of a function. */
export interface Parameter {
  readonly name: string;
  readonly unpacked: "" | "*" | "**";
  readonly fallback: Expression | null;
}

/** A function, with the text of its definition and decorators. */
export interface PythonFunction extends Place {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

type StatementShape =
  | {
      readonly type: "import";
      readonly names: readonly { readonly local: string; readonly path: string }[];
    }
  | {
      readonly type: "assign";
      readonly targets: readonly Expression[];
      readonly value: Expression;
    }
  | { readonly type: "update"; readonly target: Expression; readonly value: Expression }
  | { readonly type: "expression"; readonly value: Expression }
  | {
      readonly type: "with";
      readonly items: readonly { readonly value: Expression; readonly name: string | null }[];
      readonly body: readonly Statement[];
    }
  | { readonly type: "function"; readonly of: PythonFunction }
  | { readonly type: "class"; readonly name: string }
  | {
      readonly type: "for";
      readonly target: Expression;
      readonly list: Expression;
      readonly body: readonly Statement[];
    }
  | {
      readonly type: "if";
      readonly branches: readonly {
        /** Null for `else`. */
        readonly test: Expression | null;
        readonly body: readonly Statement[];
      }[];
    }
  | { readonly type: "try"; readonly body: readonly Statement[] }
  | { readonly type: "return"; readonly value: Expression | null }
  | { readonly type: "other" };

export type Statement = Place & StatementShape;
