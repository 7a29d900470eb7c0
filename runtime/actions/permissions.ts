/**
 * The permission that each action needs. The page and the API refuse an action under a
 * route that was registered with another permission.
 */
import type { Permission } from "../access/permissions.ts";

export const PERMISSION_OF = {
  triggerRun: "dag.operate",
  pauseDag: "dag.operate",
  unpauseDag: "dag.operate",
  createBackfill: "dag.operate",
  previewBackfill: "dag.operate",
  pauseBackfill: "dag.operate",
  resumeBackfill: "dag.operate",
  cancelBackfill: "dag.operate",
  clearRuns: "dag.operate",
  previewClear: "dag.operate",
  cancelRun: "dag.operate",
  cancelTask: "dag.operate",
  sendEvent: "dag.operate",
  answerQuestion: "question.answer",
  markRun: "dag.operate",
  markTask: "dag.operate",
  previewMark: "dag.operate",
  noteRun: "dag.operate",
  labelRun: "dag.operate",
  deleteStateValue: "dag.operate",
  updateAsset: "asset.update",
  setPool: "pool.edit",
  deletePool: "pool.edit",
  setConnection: "connection.edit",
  clearConnectionFields: "connection.edit",
  deleteConnection: "connection.edit",
  testConnection: "connection.edit",
  setVariable: "variable.edit",
  deleteVariable: "variable.edit",
  deployFolder: "dag.deploy",
  rollbackDag: "dag.deploy",
  promoteDag: "dag.deploy",
  rollbackDeployment: "dag.deploy",
  promoteDeployment: "dag.deploy",
  previewDeployment: "dag.deploy",
  previewRestore: "dag.deploy",
  receiveDeployment: "dag.deploy",
  storeDeploymentChunk: "dag.deploy",
  installEvents: "dag.deploy",
  uninstallEvents: "dag.deploy",
  clean: "dag.deploy",
  previewClean: "dag.deploy",
  changePassword: "account.use",
  createToken: "account.use",
  revokeToken: "account.use",
  endSession: "account.use",
  endSessions: "account.use",
  addUser: "user.edit",
  setRole: "user.edit",
  removeUser: "user.edit",
  disableUser: "user.edit",
  enableUser: "user.edit",
  createUserToken: "user.edit",
  revokeUserToken: "user.edit",
  makeLoginLink: "user.edit",
  endUserSessions: "user.edit",
} as const satisfies Readonly<Record<string, Permission>>;

/**
 * The caller proves that it knows the secret of a webhook or of a link; no user is logged
 * in.
 */
export const BY_PROOF = ["receiveWebhook", "acceptLink"] as const;
