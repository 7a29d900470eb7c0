/** dagsmith/plugins/dbt: builds and tests the models of a dbt project. */
export { DbtError, type DbtOptions, type DbtResult, dbt } from "./dbt.ts";
export type { DbtNode } from "./results.ts";
export { type DbtTasksOptions, dbtTasks } from "./tasks.ts";
