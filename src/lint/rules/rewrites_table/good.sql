ALTER TABLE users ALTER name TYPE text;
