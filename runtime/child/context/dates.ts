/**
 * The dates of a context. They are parsed when they are first read: parsing them takes as
 * long as all else that a short try needs.
 */
import { DateTime } from "luxon";
import type { TaskContext } from "../../../sdk/task/context.ts";

// Taken before user code is loaded, which may replace it.
const { defineProperty } = Reflect;

export type Dates = Pick<TaskContext, "logicalDate" | "dataInterval">;

/** The dates of a request, in ISO 8601. */
interface Texts {
  readonly logicalDate: string;
  readonly dataIntervalStart: string;
  readonly dataIntervalEnd: string;
  readonly timezone: string;
}

class LazyDates implements Dates {
  readonly #texts: Texts;
  #logicalDate: Dates["logicalDate"] | undefined;
  #dataInterval: Dates["dataInterval"] | undefined;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  get logicalDate(): Dates["logicalDate"] {
    this.#logicalDate ??= this.#date(this.#texts.logicalDate);
    return this.#logicalDate;
  }

  get dataInterval(): Dates["dataInterval"] {
    this.#dataInterval ??= {
      start: this.#date(this.#texts.dataIntervalStart),
      end: this.#date(this.#texts.dataIntervalEnd),
    };
    return this.#dataInterval;
  }

  #date(iso: string): DateTime<true> {
    return DateTime.fromISO(iso, { zone: this.#texts.timezone }) as DateTime<true>;
  }
}

const DATES = Symbol("dates");
interface Dated {
  readonly [DATES]: Dates;
}

/**
 * All contexts share these getters. V8 keeps an object whose getters are its own in a slow
 * form, which costs a try 3 µs.
 */
const GETTERS: { readonly [Name in keyof Dates]: PropertyDescriptor } = {
  logicalDate: getter(function (this: Dated) {
    return this[DATES].logicalDate;
  }),
  dataInterval: getter(function (this: Dated) {
    return this[DATES].dataInterval;
  }),
};

function getter(get: (this: Dated) => unknown): PropertyDescriptor {
  return { get, enumerable: true, configurable: true };
}

/** Adds the dates of a try to its context. */
export function withDates<Context extends object>(context: Context, texts: Texts): Context & Dates {
  defineProperty(context, DATES, { value: new LazyDates(texts) });
  defineProperty(context, "logicalDate", GETTERS.logicalDate);
  defineProperty(context, "dataInterval", GETTERS.dataInterval);
  return context as Context & Dates;
}
