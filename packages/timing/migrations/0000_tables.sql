CREATE TABLE "supervisor"."task_executions" (
	"project" text NOT NULL,
	"id" text NOT NULL,
	"type" text NOT NULL,
	"description" text NOT NULL,
	"status" text DEFAULT 'running' NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"duration_seconds" double precision,
	"estimated_seconds" double precision,
	"agent" text,
	"model" text,
	"complexity" text,
	"parent_task_id" text,
	"outcome" text,
	"error" text,
	"files_changed" integer,
	"lines_changed" integer,
	"tokens" bigint,
	"metadata" jsonb,
	CONSTRAINT "task_executions_project_id_pk" PRIMARY KEY("project","id"),
	CONSTRAINT "task_executions_ended" CHECK ((status = 'running') = (ended_at is null))
);
--> statement-breakpoint
CREATE INDEX "task_executions_started" ON "supervisor"."task_executions" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "task_executions_type" ON "supervisor"."task_executions" USING btree ("type","project");--> statement-breakpoint
CREATE INDEX "task_executions_running" ON "supervisor"."task_executions" USING btree ("project") WHERE status = 'running';