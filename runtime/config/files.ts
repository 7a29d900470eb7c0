/** Where large values and files of tasks go, and how many bytes are stored. */
import { MAX_OUTPUT_BYTES } from "../../sdk/json.ts";
import type { Setting } from "./environment.ts";
import { wholeNumber } from "./values.ts";
import { type XComFolder, xcomFolder } from "./xcom_folder.ts";

export interface FileSettings {
  /**
   * DAG_XCOM_FOLDER (a path as written, or a bucket's; null when not set), and
   * DAG_XCOM_SPILL_BYTES: larger values go there. Default 1 MiB, most 8 MiB.
   */
  readonly xcoms: { readonly folder: XComFolder | null; readonly spillBytes: number };
  /**
   * DAG_FILE_MAX_BYTES and DAG_RUN_FILES_MAX_BYTES: most bytes of a file that a task
   * stores, and of all files of a run. Default 8 GiB and 64 GiB.
   */
  readonly files: { readonly fileBytes: number; readonly runBytes: number };
  /** DAG_LOG_MAX_BYTES: most bytes of the log of a try. Default 64 MiB. */
  readonly logBytes: number;
}

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

const SPILL_BYTES = { otherwise: MEBIBYTE, min: 1, max: MAX_OUTPUT_BYTES };
const FILE_BYTES = { otherwise: 8 * GIBIBYTE, min: 1, max: 1024 * GIBIBYTE };
const RUN_BYTES = { ...FILE_BYTES, otherwise: 64 * GIBIBYTE };
const LOG_BYTES = { otherwise: 64 * MEBIBYTE, min: 64 * KIBIBYTE, max: 64 * GIBIBYTE };

/** @throws DagsmithError INVALID_ARGUMENT */
export function fileSettings(setting: Setting): FileSettings {
  return {
    xcoms: {
      folder: xcomFolder(setting),
      spillBytes: wholeNumber(setting, "DAG_XCOM_SPILL_BYTES", SPILL_BYTES),
    },
    files: {
      fileBytes: wholeNumber(setting, "DAG_FILE_MAX_BYTES", FILE_BYTES),
      runBytes: wholeNumber(setting, "DAG_RUN_FILES_MAX_BYTES", RUN_BYTES),
    },
    logBytes: wholeNumber(setting, "DAG_LOG_MAX_BYTES", LOG_BYTES),
  };
}
