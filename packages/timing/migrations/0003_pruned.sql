CREATE TABLE "supervisor"."pruned_tasks" (
	"project" text NOT NULL,
	"id" text NOT NULL,
	CONSTRAINT "pruned_tasks_project_id_pk" PRIMARY KEY("project","id")
);
