/**
 * What a call of a builder says by the options that it gives. TypeScript infers the
 * context of an operator before it applies the defaults of type parameters. So the types
 * of options that are left out follow from the names of the options that are given.
 */
import type { TriggerRule } from "../spec/index.ts";
import type { TaskContext } from "./context.ts";
import type { Items, MappedItems } from "./items.ts";
import type { PickRef } from "./pick.ts";
import type { InputRefs, InputValues, MappedTaskOptions, TaskOptions } from "./task_options.ts";
import type { TaskRef } from "./task_ref.ts";

/** The inputs of a task that names none. */
export type NoInputs = Record<never, never>;

/** Infers `Names`, the names of the options that a call gives. Restricts nothing. */
export type Named<Names extends PropertyKey> = [Names] extends [PropertyKey]
  ? unknown
  : { readonly [Name in Names]: unknown };

/** The compiler names this type and its field at an `each` that is no list. */
interface EachTakesAList {
  readonly "each takes a list: entries(record), pick(task, field) or over(list)": never;
}

/** A list of any kind; undefined where the options have none. */
type AnyList =
  | TaskRef<readonly unknown[]>
  | PickRef<readonly unknown[]>
  | readonly unknown[]
  | Items<unknown>
  | MappedItems<unknown>
  | undefined;

/** Infers `Each`, the type of the list that a call gives. Restricts nothing. */
export type Listed<Each> = [Each] extends [unknown] ? unknown : { readonly each: Each };

/** `Given` when the option is among the names, else `Default`. */
type WhenNamed<Option extends string, Names, Given, Default> = Option extends Names
  ? Given
  : Default;

/**
 * `Mapped` when the options have a list, else `Plain`. A variable of the type
 * {@link TaskOptions} names `each`, too, but its type there is never.
 */
export type WhenMapped<Names, Each, Mapped, Plain> = "each" extends Names
  ? [Each] extends [undefined]
    ? Plain
    : [Each] extends [AnyList]
      ? Mapped
      : NoList<Mapped>
  : Plain;

/** The options of a list, where `each` is none: it names what makes a list of a value. */
type NoList<Mapped> = Mapped extends { readonly each: unknown }
  ? Omit<Mapped, "each"> & { readonly each: EachTakesAList }
  : Mapped;

/** The values of the inputs that are given. */
export type GivenInputs<
  Names,
  Inputs extends InputRefs,
  Rule extends TriggerRule = "all_success",
> = InputValues<
  WhenNamed<"inputs", Names, Inputs, NoInputs>,
  WhenNamed<"triggerRule", Names, Rule, "all_success">
>;

/** The context of a body whose task cannot be mapped. */
export type GivenContext<
  Names,
  Params,
  Inputs extends InputRefs,
  Rule extends TriggerRule,
  Item,
> = TaskContext<Params, GivenInputs<Names, Inputs, Rule>, Item>;

/** The options of a task or a sensor, with a list or without. */
export type PlainOrMappedOptions<
  Names,
  Each,
  Inputs extends InputRefs,
  Rule extends TriggerRule,
  Allowed extends boolean,
  Of,
  Params,
  Item,
> = WhenMapped<
  Names,
  Each,
  MappedTaskOptions<Inputs, Of, Rule, Params>,
  TaskOptions<Inputs, Rule, Allowed, Params, Item>
>;
