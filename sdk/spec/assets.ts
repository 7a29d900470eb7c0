/**
 * Assets as plain data: which assets a DAG waits for, and which assets a task updates.
 */

/**
 * When assets let a DAG run: `all` and `any` of conditions, down to single assets and
 * aliases.
 */
export type AssetCondition =
  | {
      /** The URI of the asset. */
      readonly asset: string;
    }
  | {
      /** The alias; any asset that is updated under it counts. */
      readonly alias: string;
    }
  | {
      /** Each of these conditions holds. */
      readonly all: readonly AssetCondition[];
    }
  | {
      /** One of these conditions holds. */
      readonly any: readonly AssetCondition[];
    };

/**
 * An asset that a task updates when it succeeds, or an alias for assets that it names
 * while it runs.
 */
export type OutletSpec = { readonly asset: string } | { readonly alias: string };
