CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $alike$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.{to} := coalesce(NEW.{to}, {from_as_to}{default});
    NEW.{from} := coalesce(NEW.{from}, {to_as_from});
  ELSIF NEW.{to} IS DISTINCT FROM OLD.{to} THEN
    NEW.{from} := {to_as_from};
  ELSIF NEW.{from} IS DISTINCT FROM OLD.{from} THEN
    NEW.{to} := {from_as_to};
  END IF;
  RETURN NEW;
END
$alike$;
