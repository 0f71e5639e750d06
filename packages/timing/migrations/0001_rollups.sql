CREATE TABLE "supervisor"."task_rollups" (
	"kind" text NOT NULL,
	"project" text NOT NULL,
	"type" text NOT NULL,
	"agent" text NOT NULL,
	"model" text NOT NULL,
	"day" text NOT NULL,
	"completed" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"abandoned" integer DEFAULT 0 NOT NULL,
	"total_seconds" double precision DEFAULT 0 NOT NULL,
	"seconds" json DEFAULT '[]'::json NOT NULL,
	"roots" json DEFAULT '[]'::json NOT NULL,
	"ratios" json DEFAULT '[]'::json NOT NULL,
	"levels" json,
	"held" text,
	CONSTRAINT "task_rollups_kind_project_type_agent_model_day_pk" PRIMARY KEY("kind","project","type","agent","model","day")
);
--> statement-breakpoint
ALTER TABLE "supervisor"."task_executions" ADD COLUMN "cost_usd" double precision;--> statement-breakpoint
ALTER TABLE "supervisor"."task_executions" ADD COLUMN "retries" integer;--> statement-breakpoint
ALTER TABLE "supervisor"."task_executions" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "supervisor"."task_executions" ADD COLUMN "session" text;--> statement-breakpoint
ALTER TABLE "supervisor"."task_executions" ADD COLUMN "prediction" json;--> statement-breakpoint
CREATE INDEX "task_executions_ended_at" ON "supervisor"."task_executions" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "task_executions_parent" ON "supervisor"."task_executions" USING btree ("project","parent_task_id") WHERE parent_task_id is not null;