CREATE TABLE "supervisor"."knowledge_chunks" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "supervisor"."knowledge_chunks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"entry" integer NOT NULL,
	"ordinal" integer NOT NULL,
	"heading" text NOT NULL,
	"start_line" integer NOT NULL,
	"end_line" integer NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "knowledge_chunks_place" UNIQUE("entry","ordinal")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_entries" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "supervisor"."knowledge_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"scope" integer NOT NULL,
	"root" integer,
	"title" text DEFAULT '' NOT NULL,
	"format" text NOT NULL,
	"hash" text NOT NULL,
	"task" text,
	"tags" text[] NOT NULL,
	"source" text,
	"superseded_by" integer,
	"helped" text[] NOT NULL,
	"misled" text[] NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_languages" (
	"project" text PRIMARY KEY NOT NULL,
	"language" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_postings" (
	"scope" integer NOT NULL,
	"term" bigint NOT NULL,
	"block" integer NOT NULL,
	"size" smallint NOT NULL,
	"hits" integer[] NOT NULL,
	CONSTRAINT "knowledge_postings_pk" PRIMARY KEY("scope","term","block")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_roots" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "supervisor"."knowledge_roots_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"project" text NOT NULL,
	"path" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "knowledge_roots_path" UNIQUE("project","path")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_scopes" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "supervisor"."knowledge_scopes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"project" text NOT NULL,
	"visibility" text NOT NULL,
	"kind" text NOT NULL,
	"language" text NOT NULL,
	"chunks" integer DEFAULT 0 NOT NULL,
	"words" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "knowledge_scopes_name" UNIQUE("project","visibility","kind","language"),
	CONSTRAINT "knowledge_scopes_visibility" CHECK ("supervisor"."knowledge_scopes"."visibility" in ('project', 'shared')),
	CONSTRAINT "knowledge_scopes_size" CHECK ("supervisor"."knowledge_scopes"."chunks" >= 0 and "supervisor"."knowledge_scopes"."words" >= 0)
);
--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_chunks" ADD CONSTRAINT "knowledge_chunks_entry_knowledge_entries_id_fk" FOREIGN KEY ("entry") REFERENCES "supervisor"."knowledge_entries"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_entries" ADD CONSTRAINT "knowledge_entries_scope_knowledge_scopes_id_fk" FOREIGN KEY ("scope") REFERENCES "supervisor"."knowledge_scopes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_entries" ADD CONSTRAINT "knowledge_entries_root_knowledge_roots_id_fk" FOREIGN KEY ("root") REFERENCES "supervisor"."knowledge_roots"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_postings" ADD CONSTRAINT "knowledge_postings_scope_knowledge_scopes_id_fk" FOREIGN KEY ("scope") REFERENCES "supervisor"."knowledge_scopes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "knowledge_entries_hash" ON "supervisor"."knowledge_entries" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "knowledge_entries_scope" ON "supervisor"."knowledge_entries" USING btree ("scope");--> statement-breakpoint
CREATE INDEX "knowledge_entries_superseded_by" ON "supervisor"."knowledge_entries" USING btree ("superseded_by");--> statement-breakpoint
CREATE INDEX "knowledge_entries_expires_at" ON "supervisor"."knowledge_entries" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "knowledge_entries_source" ON "supervisor"."knowledge_entries" USING btree ("root","source");