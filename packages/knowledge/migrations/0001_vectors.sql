CREATE TABLE "supervisor"."knowledge_embedders" (
	"id" integer PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"dims" integer NOT NULL,
	"settings" jsonb,
	"state" text DEFAULT 'building' NOT NULL,
	"weight" double precision NOT NULL,
	"measured" jsonb,
	"queued_to" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "knowledge_embedders_state" CHECK ("supervisor"."knowledge_embedders"."state" in ('building', 'ready', 'retired'))
);
--> statement-breakpoint
CREATE TABLE "supervisor"."knowledge_pending" (
	"chunk" integer NOT NULL,
	"embedder" integer NOT NULL,
	"leased_until" timestamp with time zone DEFAULT '-infinity' NOT NULL,
	"failures" smallint DEFAULT 0 NOT NULL,
	CONSTRAINT "knowledge_pending_pk" PRIMARY KEY("chunk","embedder")
);
--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_pending" ADD CONSTRAINT "knowledge_pending_chunk_knowledge_chunks_id_fk" FOREIGN KEY ("chunk") REFERENCES "supervisor"."knowledge_chunks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supervisor"."knowledge_pending" ADD CONSTRAINT "knowledge_pending_embedder_knowledge_embedders_id_fk" FOREIGN KEY ("embedder") REFERENCES "supervisor"."knowledge_embedders"("id") ON DELETE cascade ON UPDATE no action;