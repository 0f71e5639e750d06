-- One parameter, however many rows: they keep their order, and a session plans the statement once.
CREATE FUNCTION supervisor.add_audit_rows(given json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO supervisor.audit_events
    (at, call, principal_id, principal_kind, operation, project, subject, version, fingerprint, outcome, ended_at, mac)
  SELECT at, call, "principalId", "principalKind", operation, project, subject, version, fingerprint, outcome, "endedAt", decode(mac, 'hex')
  FROM json_to_recordset(given) AS rows (at timestamptz, call uuid, "principalId" text, "principalKind" text, operation text,
    project text, subject text, version integer, fingerprint text, outcome text, "endedAt" timestamptz, mac text);
END $$;
