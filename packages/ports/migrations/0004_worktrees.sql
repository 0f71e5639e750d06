CREATE TABLE "supervisor"."port_worktrees" (
	"project" text NOT NULL,
	"instance" text NOT NULL,
	"host" text NOT NULL,
	"folder" text NOT NULL,
	CONSTRAINT "port_worktrees_project_instance_host_folder_pk" PRIMARY KEY("project","instance","host","folder")
);
