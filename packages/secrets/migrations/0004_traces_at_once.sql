ALTER INDEX "supervisor"."secret_versions_traces" SET (fastupdate = false);--> statement-breakpoint
SELECT gin_clean_pending_list('supervisor.secret_versions_traces'::regclass);
