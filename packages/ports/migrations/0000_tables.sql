CREATE TABLE "supervisor"."port_allocations" (
	"port" integer PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"instance" text DEFAULT '' NOT NULL,
	"service" text NOT NULL,
	"pinned" boolean DEFAULT false NOT NULL,
	"description" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "port_allocations_owner" UNIQUE("project","instance","service"),
	CONSTRAINT "port_allocations_port" CHECK ("supervisor"."port_allocations"."port" between 1 and 65535)
);
--> statement-breakpoint
CREATE TABLE "supervisor"."port_ranges" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "supervisor"."port_ranges_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"project" text NOT NULL,
	"first" integer NOT NULL,
	"last" integer NOT NULL,
	"denied" integer[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "port_ranges_project_unique" UNIQUE("project"),
	CONSTRAINT "port_ranges_order" CHECK ("supervisor"."port_ranges"."first" <= "supervisor"."port_ranges"."last" and "supervisor"."port_ranges"."first" > 0 and "supervisor"."port_ranges"."last" <= 65535)
);
