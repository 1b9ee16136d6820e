ALTER TYPE mood ADD VALUE 'bored' BEFORE 'sad';
