ALTER TABLE "supervisor"."secret_versions" ADD COLUMN "traces" bigint[];--> statement-breakpoint
CREATE INDEX "secret_versions_traces" ON "supervisor"."secret_versions" USING gin ("traces");--> statement-breakpoint
CREATE INDEX "secret_versions_untraced" ON "supervisor"."secret_versions" USING btree ("secret_id") WHERE traces is null;