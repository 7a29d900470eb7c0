/**
 * Tells whether a bundle reads more than its own code when it is imported, so that the
 * next import may give something else.
 */
import { ts } from "ts-morph";
import type { Bundle } from "./bundle.ts";
import type { Contents } from "./contents.ts";
import { lint } from "./lint.ts";

const CODE = /\.[cm]?[jt]sx?$/;

/** Reads each file once, however many bundles have it. */
export class Surroundings {
  readonly #contents: Contents;
  readonly #reading = new Map<string, Promise<boolean>>();

  constructor(contents: Contents) {
    this.#contents = contents;
  }

  /** Whether any file of it does, also a helper, or a package outside may. */
  async isReadBy({ inputs, usesPackages }: Bundle): Promise<boolean> {
    if (usesPackages) return true;
    for (const path of inputs) if (CODE.test(path) && (await this.#isReadIn(path))) return true;
    return false;
  }

  #isReadIn(path: string): Promise<boolean> {
    const known = this.#reading.get(path) ?? this.#lint(path);
    this.#reading.set(path, known);
    return known;
  }

  async #lint(path: string): Promise<boolean> {
    const { text } = await this.#contents.read(path);
    return lint(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)).length > 0;
  }
}
