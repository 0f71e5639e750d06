export { checkBackup, readBackupHeader, type BackupHeader } from './format.js';
export { refuseFilled, refuseNewer, restoreBackup, type RestoreOptions } from './read.js';
export { writeBackup, type BackupOptions } from './write.js';
